import Foundation

/// One note of `Tests/Faults/recorder.c`.
struct RecordedNote: Sendable {
    enum Kind: Sendable {
        case write(offset: Int, Data)
        case truncate(length: Int)
        case syncBegins
        case synced
        case syncFailed
        case unlink
    }

    var kind: Kind
    var thread: UInt32
    var file: UInt64
    var name: String
    /// Where it ends among all notes, in bytes.
    var end: Int

    private static let headerLength = 40

    /// Reads all notes that are whole: a program may have been killed within the last one.
    static func read(_ bytes: Data) -> [RecordedNote] {
        var notes: [RecordedNote] = []
        var place = 0
        while let (note, end) = next(bytes, at: place) {
            notes.append(note)
            place = end
        }
        return notes
    }

    private static func next(_ bytes: Data, at place: Int) -> (RecordedNote, end: Int)? {
        guard place + headerLength <= bytes.count else { return nil }
        func number(_ offset: Int, _ length: Int) -> UInt64 {
            bytes[(place + offset)..<(place + offset + length)].reversed()
                .reduce(0) { $0 << 8 | UInt64($1) }
        }
        let (offset, length) = (Int(number(16, 8)), Int(number(24, 8)))
        let name = place + headerLength..<place + headerLength + Int(number(32, 4))
        let end = name.upperBound + length
        guard end <= bytes.count else { return nil }
        let kind: Kind
        switch UnicodeScalar(UInt8(truncatingIfNeeded: number(0, 4))) {
        case "w": kind = .write(offset: offset, bytes[name.upperBound..<end])
        case "t": kind = .truncate(length: offset)
        case "b": kind = .syncBegins
        case "s": kind = .synced
        case "f": kind = .syncFailed
        case "u": kind = .unlink
        case let other: preconditionFailure("a note of kind \(other)")
        }
        let note = RecordedNote(
            kind: kind,
            thread: UInt32(truncatingIfNeeded: number(4, 4)),
            file: number(8, 8),
            name: String(decoding: bytes[name], as: UTF8.self),
            end: end
        )
        return (note, end)
    }
}

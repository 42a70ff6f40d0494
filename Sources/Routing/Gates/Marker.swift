/// A hidden comment by which a handler marks what it writes: `<!-- samovar: job=5 -->`.
///
/// It stands on a line of its own, so that a quoted one is none.
struct Marker: Equatable, Sendable {
    /// Its first word: `samovar`.
    let word: String

    /// What it says of whose words they are: `job=5 delivery=d12c`; may be empty.
    let note: String

    /// The first one in a text, of those that begin with one of these words.
    static func first(in text: String, words: [String]) -> Marker? {
        var rest = text.utf8[...]
        while !rest.isEmpty {
            let end = rest.firstIndex { $0 == UInt8(ascii: "\n") } ?? rest.endIndex
            if let marker = Marker(line: Substring(rest[..<end]), words: words) { return marker }
            rest = rest[end...].dropFirst()
        }
        return nil
    }

    private static let opening = "<!--"
    private static let closing = "-->"

    private init?(line: Substring, words: [String]) {
        let line = line.trimmingBlanks
        guard line.hasPrefix(Self.opening), line.hasSuffix(Self.closing),
            line.utf8.count >= Self.opening.utf8.count + Self.closing.utf8.count
        else { return nil }
        let inside = line.dropFirst(Self.opening.count).dropLast(Self.closing.count)
            .trimmingBlanks
        guard let word = words.first(where: { inside.hasPrefix($0) }) else { return nil }
        var rest = inside.dropFirst(word.count)
        if rest.first == ":" {
            rest = rest.dropFirst()
        } else if let next = rest.first, next != " ", next != "\t" {
            // Another word that begins the same.
            return nil
        }
        self.word = word
        note = String(rest.trimmingBlanks)
    }

    /// As a reason has it; a note of a reasonable length.
    var shown: String {
        note.isEmpty
            ? "the marker \(word)"
            : "the marker \(word): \(note.prefix(Self.noteLengthShown))"
    }

    /// Characters of a note that a reason repeats: a job, an attempt and a delivery id.
    private static let noteLengthShown = 100
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = self
        let isBlank = { (character: Character) in
            character == " " || character == "\t" || character == "\r"
        }
        while text.first.map(isBlank) ?? false { text.removeFirst() }
        while text.last.map(isBlank) ?? false { text.removeLast() }
        return text
    }
}

import Foundation
import QueueCore
import StateFolder

/// Incidents that a process could not write before its end, kept beside the store for the next one.
struct LeftIncidents: Sendable {
    let path: String

    /// Of a store.
    init(store: String) {
        path = store + ".incidents"
    }

    /// Adds what is left, one JSON object a line.
    ///
    /// - Parameters:
    ///   - incidents: in the order of time.
    ///   - isReplacing: instead of what is there; when that fails, it stays.
    /// - Throws: when the store's own disk takes nothing either; then the log alone has them.
    func keep(_ incidents: [Incident], replacing isReplacing: Bool = false) throws {
        guard !incidents.isEmpty else {
            if isReplacing { remove() }
            return
        }
        let target = isReplacing ? path + ".new" : path
        let flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | (isReplacing ? O_TRUNC : O_APPEND)
        let descriptor = StateFile.open(target, flags)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let encoder = JSONEncoder()
        var lines = Data()
        for incident in incidents { lines += try encoder.encode(incident) + Data("\n".utf8) }
        try file.write(contentsOf: lines)
        try file.close()
        if isReplacing, unsafe rename(target, path) != 0 { throw CocoaError(.fileWriteUnknown) }
    }

    /// What was left; a line that is none, cut short by a crash, is skipped.
    func read() -> [Incident] {
        // Nothing is left as a rule.
        guard let bytes = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return bytes.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? decoder.decode(Incident.self, from: $0) }
    }

    /// To be called when the store has them.
    func remove() {
        unsafe unlink(path)
    }
}

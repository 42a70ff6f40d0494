import Foundation
import Glibc
import QueueCore
import Settings

/// What a handler wrote to `SAMOVAR_RESULT`, which says more than an exit code can.
enum HandlerResult: Equatable {
    case done
    case snooze(for: Duration, message: String?)
    case dead(message: String?)
    case retry(after: Duration?, message: String?)
    /// There was something, but nothing that could be understood.
    case invalid(String)

    private struct File: Decodable {
        var outcome: String
        var after: String?
        var message: String?
    }

    /// Reads what the handler left.
    ///
    /// - Returns: nil when the file does not exist, or there is nothing in it but white space.
    static func read(_ path: String) -> HandlerResult? {
        // Not blocking, not following: the handler made it, and it may be a pipe or a link.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            return errno == ENOENT ? nil : .invalid("it cannot be opened: \(systemError())")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .invalid("it is not a regular file")
        }
        guard status.st_size <= bytesMost else {
            return .invalid("it is longer than \(bytesMost) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: bytesMost)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { return .invalid("it cannot be read: \(systemError())") }
        let written = bytes[..<count]
        return written.allSatisfy(whiteSpace.contains) ? nil : parse(Data(written))
    }

    static let bytesMost = 64 << 10

    /// That of JSON (RFC 8259, section 2).
    private static let whiteSpace: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]

    static func parse(_ bytes: Data) -> HandlerResult {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: bytes)
        } catch {
            return .invalid("it is not a JSON object with a text \"outcome\"")
        }
        var after: Duration?
        if let text = file.after {
            after = DurationText.duration(text)
            guard let after else {
                return .invalid("\"after\" is no duration such as 5m: \(line(text) ?? "")")
            }
            // Ten digits of days, as microseconds, would not fit 64 bits.
            guard after <= Limits.snoozeLongest else {
                return .invalid("\"after\" is longer than 7 days: \(text)")
            }
        }
        let message = file.message.flatMap(line)
        switch file.outcome {
        case "done": return .done
        case "snooze":
            guard let after else { return .invalid("snooze needs \"after\", such as \"5m\"") }
            return .snooze(for: after, message: message)
        case "dead": return .dead(message: message)
        case "retry": return .retry(after: after, message: message)
        default:
            let said = line(file.outcome) ?? ""
            return .invalid("\"outcome\" is none of done, snooze, dead, retry: \(said)")
        }
    }

    /// What of a message fits where people read it in lists and logs: its first line that says
    /// something, up to ``scalarsMost``; nil when none does.
    private static func line(_ message: String) -> String? {
        let lines = message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard let first = lines.first else { return nil }
        let kept = first.unicodeScalars.prefix(scalarsMost)
        let isWhole = lines.count == 1 && kept.endIndex == first.unicodeScalars.endIndex
        return isWhole ? first : String(kept) + "…"
    }

    /// Unicode scalars, since one character may have any number of them.
    static let scalarsMost = 500
}

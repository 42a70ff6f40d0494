import Foundation
import Glibc
import QueueCore
import Settings

/// What a handler wrote to `SAMOVAR_RESULT`, which says more than an exit code can.
enum HandlerResult: Equatable {
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
    /// - Returns: nil when the file does not exist or is empty.
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
        return count == 0 ? nil : parse(Data(bytes[..<count]))
    }

    static let bytesMost = 64 << 10

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
                return .invalid("\"after\" is no duration such as 5m: \(text)")
            }
            // Ten digits of days, as microseconds, would not fit 64 bits.
            guard after <= Limits.snoozeLongest else {
                return .invalid("\"after\" is longer than 7 days: \(text)")
            }
        }
        switch file.outcome {
        case "snooze":
            guard let after else { return .invalid("snooze needs \"after\", such as \"5m\"") }
            return .snooze(for: after, message: file.message)
        case "dead": return .dead(message: file.message)
        case "retry": return .retry(after: after, message: file.message)
        default: return .invalid("\"outcome\" is none of snooze, dead, retry: \(file.outcome)")
        }
    }
}

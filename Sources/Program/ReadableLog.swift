import Foundation
package import Logging

/// Logs for people: time, level, program, message, then details as `name=value`; one line each, on
/// standard error. (JSON comes with the metrics.)
package struct ReadableLog: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let program: String
    private let isTerminal = isatty(2) == 1

    /// Makes this the way all loggers of the process write.
    package static func bootstrap(program: String) {
        LoggingSystem.bootstrap { _ in ReadableLog(program: program) }
    }

    private init(program: String) {
        self.program = program
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let details = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }
            .map { " \($0.key)=\(Self.quoted($0.value.description))" }
            .joined()
        let level = Self.name(of: event.level)
        let line =
            "\(Self.time()) \(colored(level, event.level)) \(program) "
            + "\(event.message.description)\(details)\n"
        // A service goes on when nobody reads its log any more.
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    private func colored(_ text: String, _ level: Logger.Level) -> String {
        guard isTerminal else { return text }
        switch level {
        case .warning: return "\u{1B}[33m\(text)\u{1B}[0m"
        case .error, .critical: return "\u{1B}[31m\(text)\u{1B}[0m"
        case .trace, .debug, .info, .notice: return text
        }
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO "
        case .warning: "WARN "
        case .error, .critical: "ERROR"
        }
    }

    private static func quoted(_ value: String) -> String {
        let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
        if plain, !value.isEmpty { return value }
        return "\""
            + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r") + "\""
    }

    /// Local time of day with milliseconds.
    private static func time() -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        var local = unsafe tm()
        unsafe localtime_r(&now.tv_sec, &local)
        let parts = unsafe [local.tm_hour, local.tm_min, local.tm_sec].map(twoDigits)
        let milliseconds = String(now.tv_nsec / 1_000_000 + 1000).dropFirst()
        return parts.joined(separator: ":") + "." + milliseconds
    }

    private static func twoDigits(_ number: Int32) -> String {
        String(String(number + 100).dropFirst())
    }
}

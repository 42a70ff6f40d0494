import Foundation
import Logging

/// One event of the log as one line, whatever is in it.
struct LogLine {
    var level: Logger.Level
    var program: String
    var message: String
    var metadata: Logger.Metadata
    var time = LogTime.now()

    /// Ends in a line break, its only one.
    func text(_ form: LogForm) -> String {
        switch form {
        case .text(let isColored):
            let level = isColored ? colored(levelText) : levelText
            let name = program.padded(to: Self.programWidth)
            return "\(time.local) \(level) \(name) \(escaped(message))\(fields)\n"
        case .journal:
            return "<\(priority)>\(escaped(message))\(fields)\n"
        case .json:
            return json
        }
    }

    // MARK: Text

    /// As wide as `ingress`, so that lines of `samovar up` stand under each other.
    private static let programWidth = 7

    private var fields: String {
        flatMetadata.map { " \($0.name)=\(Self.quoted($0.value))" }.joined()
    }

    private func colored(_ text: String) -> String {
        switch level {
        case .warning: "\u{1B}[33m\(text)\u{1B}[0m"
        case .error, .critical: "\u{1B}[31m\(text)\u{1B}[0m"
        case .trace, .debug, .info, .notice: text
        }
    }

    private var levelText: String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO "
        case .warning: "WARN "
        case .error, .critical: "ERROR"
        }
    }

    /// Of syslog(3).
    private var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// What has a sign in it by which fields are told apart: a stranger's value must not look like
    /// two of them.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy {
            $0 != " " && $0 != "\"" && $0 != "=" && !$0.steersTerminal
        }
        return isPlain && !value.isEmpty ? value : LogLine.jsonQuoted(value)
    }

    /// What a terminal would obey, or a reader take for another line, is shown instead.
    private func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.steersTerminal) else { return text }
        return String(Self.jsonQuoted(text).dropFirst().dropLast())
    }

    // MARK: JSON

    /// Times are RFC 3339 in UTC with microseconds; all values are strings.
    private var json: String {
        let own = [
            ("time", time.rfc3339), ("level", level.rawValue), ("program", program),
            ("message", message),
        ]
        let ownNames = Set(own.map(\.0))
        let details = flatMetadata.map { field in
            (ownNames.contains(field.name) ? "metadata.\(field.name)" : field.name, field.value)
        }
        let members = (own + details).map { "\(Self.jsonQuoted($0.0)):\(Self.jsonQuoted($0.1))" }
        return "{\(members.joined(separator: ","))}\n"
    }

    /// A JSON string, in quotes.
    private static func jsonQuoted(_ text: String) -> String {
        var quoted = "\""
        quoted.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.steersTerminal:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    // MARK: Metadata

    /// Sorted by name; what is nested gets names with dots.
    private var flatMetadata: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for (name, value) in metadata { Self.flatten(name, value, into: &fields) }
        return fields.sorted { $0.name < $1.name }
    }

    private static func flatten(
        _ name: String,
        _ value: Logger.MetadataValue,
        into fields: inout [(name: String, value: String)]
    ) {
        switch value {
        case .string(let text): fields.append((name, short(text)))
        case .stringConvertible(let value): fields.append((name, short(value.description)))
        case .dictionary(let values):
            for (part, value) in values { flatten("\(name).\(part)", value, into: &fields) }
        case .array(let values):
            for (place, value) in values.enumerated() {
                flatten("\(name).\(place)", value, into: &fields)
            }
        }
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > LogLimits.valueBytes else { return text }
        return String(decoding: text.utf8.prefix(LogLimits.valueBytes), as: UTF8.self) + "…"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

/// A moment, as logs show it.
struct LogTime: Equatable, Sendable {
    private let seconds: Int
    private let microseconds: Int

    init(microsecondsSince1970 time: Int64) {
        seconds = Int(time / 1_000_000)
        microseconds = Int(time % 1_000_000)
    }

    static func now() -> LogTime {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return LogTime(
            microsecondsSince1970: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
        )
    }

    /// The time of day here, with milliseconds.
    var local: String {
        var (time, parts) = unsafe (time_t(seconds), tm())
        unsafe localtime_r(&time, &parts)
        return unsafe Self.clock(parts) + "." + Self.digits(microseconds / 1000, 3)
    }

    /// RFC 3339 in UTC, with microseconds.
    var rfc3339: String {
        var (time, parts) = unsafe (time_t(seconds), tm())
        unsafe gmtime_r(&time, &parts)
        let date = unsafe [
            Self.digits(Int(parts.tm_year) + 1900, 4), Self.digits(Int(parts.tm_mon) + 1, 2),
            Self.digits(Int(parts.tm_mday), 2),
        ]
        .joined(separator: "-")
        return unsafe date + "T" + Self.clock(parts) + "." + Self.digits(microseconds, 6) + "Z"
    }

    private static func clock(_ parts: tm) -> String {
        unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
            .joined(separator: ":")
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

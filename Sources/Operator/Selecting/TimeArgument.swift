import ArgumentParser
import Foundation
import QueueCore
import Settings

/// A time on a command line.
enum TimeArgument: Equatable, Sendable {
    /// RFC 3339.
    case instant(Timestamp)
    /// That long before now.
    case ago(Duration)
    /// By this machine's clock; today when there is no day.
    case local(day: Day?, hour: Int, minute: Int, second: Int)

    /// A day of the calendar.
    struct Day: Equatable, Sendable {
        var year: Int
        var month: Int
        var day: Int
    }

    /// Reads `2026-11-21T10:00:00Z`, `2026-11-21 10:00`, `2026-11-21`, `10:00`, or an age: `2h`.
    ///
    /// - Throws: a usage error that lists these.
    static func parse(_ text: String) throws -> TimeArgument {
        if let instant = Timestamp(rfc3339: text) { return .instant(instant) }
        if let local = local(text) { return local }
        if let age = DurationText.duration(text), age <= ageMax { return .ago(age) }
        throw ValidationError(
            "say a time (2026-11-21T10:00:00Z, '2026-11-21 10:00', 2026-11-21, or 10:00 for "
                + "today), or an age with its unit (90s, 30m, 2h, 7d)"
        )
    }

    /// A century: far more than any store holds, and far less than what a timestamp can.
    private static let ageMax = Duration.seconds(100 * 366 * 86_400)

    private static func local(_ text: String) -> TimeArgument? {
        var rest = Substring(text)
        var day: Day?
        if let match = rest.prefixMatch(of: /(\d{4})-(\d\d)-(\d\d)(?:[T ]|$)/) {
            let date = match.output
            guard Timestamp(rfc3339: "\(date.1)-\(date.2)-\(date.3)T00:00:00Z") != nil,
                let year = Int(date.1), let month = Int(date.2), let number = Int(date.3)
            else { return nil }
            day = Day(year: year, month: month, day: number)
            rest = rest[match.range.upperBound...]
            // Nothing but the day: its beginning.
            if date.0.utf8.count == 10 { return .local(day: day, hour: 0, minute: 0, second: 0) }
        }
        guard let clock = rest.wholeMatch(of: /(\d\d?):(\d\d)(?::(\d\d))?/)?.output,
            let hour = Int(clock.1), hour < 24,
            let minute = Int(clock.2), minute < 60,
            let second = Int(clock.3 ?? "0"), second < 60
        else { return nil }
        return .local(day: day, hour: hour, minute: minute, second: second)
    }

    /// The instant that is meant, seen from `now`.
    func instant(now: Timestamp, timeZone: TimeZone = .current) -> Timestamp {
        switch self {
        case .instant(let instant): return instant
        case .ago(let age): return now + (.zero - age)
        case .local(let day, let hour, let minute, let second):
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = timeZone
            let today = Date(timeIntervalSince1970: now.rawValue.seconds)
            var parts = calendar.dateComponents([.year, .month, .day], from: today)
            if let day { (parts.year, parts.month, parts.day) = (day.year, day.month, day.day) }
            (parts.hour, parts.minute, parts.second) = (hour, minute, second)
            // An hour that daylight saving leaves out is the one after it.
            guard let date = calendar.date(from: parts) else {
                preconditionFailure("a day that exists has an instant in every time zone")
            }
            return Timestamp(rawValue: Int64(date.timeIntervalSince1970.rounded()) * 1_000_000)
        }
    }
}

extension Int64 {
    /// Microseconds as whole seconds, rounded down.
    fileprivate var seconds: Double { (Double(self) / 1_000_000).rounded(.down) }
}

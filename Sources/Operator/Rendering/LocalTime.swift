import Foundation
import QueueCore

/// Instants as people of this machine read them.
struct LocalTime: Sendable {
    private let calendar: Calendar
    private let today: DateComponents

    /// Times in a time zone, seen from `now`.
    init(now: Timestamp, timeZone: TimeZone = .current) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        self.calendar = calendar
        today = calendar.dateComponents([.year, .month, .day], from: now.date)
    }

    /// Short, for tables: the time for today, else the day as well.
    func short(_ time: Timestamp) -> String {
        let parts = parts(of: time)
        let isToday =
            parts.year == today.year && parts.month == today.month && parts.day == today.day
        return isToday ? clock(parts) : "\(day(parts)) \(clock(parts).prefix(5))"
    }

    /// In full, with milliseconds.
    func full(_ time: Timestamp) -> String {
        let parts = parts(of: time)
        let milliseconds = time.rawValue / 1000 % 1000
        let fraction = Self.digits(Int(milliseconds < 0 ? milliseconds + 1000 : milliseconds), 3)
        return "\(day(parts)) \(clock(parts)).\(fraction)"
    }

    private func parts(of time: Timestamp) -> DateComponents {
        calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: time.date)
    }

    private func day(_ parts: DateComponents) -> String {
        [(parts.year, 4), (parts.month, 2), (parts.day, 2)]
            .map { Self.digits($0 ?? 0, $1) }.joined(separator: "-")
    }

    private func clock(_ parts: DateComponents) -> String {
        [parts.hour, parts.minute, parts.second]
            .map { Self.digits($0 ?? 0, 2) }.joined(separator: ":")
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension Timestamp {
    /// The instant with whole milliseconds rounded down: `Date` is a floating-point number, and a
    /// rounded-up second would show a time that has not come yet.
    fileprivate var date: Date {
        Date(timeIntervalSince1970: (Double(rawValue) / 1_000_000).rounded(.down))
    }
}

extension Timestamp {
    /// Reads RFC 3339 (`2026-11-21T10:00:00.5Z`, `2026-11-21T11:00:00+01:00`); nil for anything
    /// else, days and hours that do not exist included.
    package init?(rfc3339 text: some StringProtocol) {
        let pattern =
            /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))/
        guard let match = String(text).wholeMatch(of: pattern)?.output,
            let day = Self.day(match.1, match.2, match.3),
            let hour = Int64(match.4), hour < 24,
            let minute = Int64(match.5), minute < 60,
            // A leap second is the first moment of the next minute.
            let second = Int64(match.6), second <= 60,
            let offsetHour = Int64(match.9 ?? "0"), offsetHour < 24,
            let offsetMinute = Int64(match.10 ?? "0"), offsetMinute < 60,
            let fraction = Int64((match.7.map(String.init) ?? "").padded(to: 6))
        else { return nil }
        let offset = (offsetHour * 60 + offsetMinute) * (match.8 == "-" ? -1 : 1)
        let minutes = (day * 24 + hour) * 60 + minute - offset
        self.init(rawValue: (minutes * 60 + second) * 1_000_000 + fraction)
    }

    /// Days since 1970 of a date in the Gregorian calendar; nil when there is no such date.
    ///
    /// - Source: howardhinnant.github.io/date_algorithms.html, days_from_civil
    private static func day(
        _ year: Substring,
        _ month: Substring,
        _ day: Substring
    ) -> Int64? {
        guard let year = Int64(year), let month = Int64(month), let day = Int64(day),
            (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year)
        else { return nil }
        // Years begin in March, so that the day that comes and goes is their last.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted.floored(by: 4) - shifted.floored(by: 100)
            + shifted.floored(by: 400) + dayOfYear - 719_468
    }

    private static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension String {
    /// The first digits of a fraction, with zeros for those that are missing.
    fileprivate func padded(to count: Int) -> String {
        String((self + String(repeating: "0", count: count)).prefix(count))
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

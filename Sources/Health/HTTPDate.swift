import Glibc

/// The value of the header `Date` (RFC 9110, section 5.6.7), made anew when the second changes.
package struct HTTPDate {
    private var second = -1
    private var text = ""

    package init() {}

    /// The date now: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package mutating func now() -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return text(at: now.tv_sec)
    }

    /// The date at a second since 1970.
    package mutating func text(at second: Int) -> String {
        guard second != self.second else { return text }
        var (time, parts) = unsafe (time_t(second), tm())
        unsafe gmtime_r(&time, &parts)
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Self.twoDigits)
        let day = unsafe "\(Self.days[Int(parts.tm_wday)]), \(Self.twoDigits(parts.tm_mday))"
        let date = unsafe "\(Self.months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1900)"
        text = "\(day) \(date) \(clock.joined(separator: ":")) GMT"
        self.second = second
        return text
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func twoDigits(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

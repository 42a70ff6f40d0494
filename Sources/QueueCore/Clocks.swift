import Foundation

/// An instant people read: microseconds since 1970 UTC, as the store keeps it.
///
/// Rows come from disks and hands, so nothing here overflows: what would be beyond the first or the
/// last instant is that instant.
package struct Timestamp: RawRepresentable, Hashable, Comparable, Codable, Sendable {
    package var rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package static func + (left: Self, right: Duration) -> Self {
        Timestamp(rawValue: left.rawValue.adding(saturating: right.microseconds))
    }

    package static func - (left: Self, right: Duration) -> Self {
        left + (.zero - right)
    }

    package static func - (left: Self, right: Self) -> Duration {
        .microseconds(left.rawValue) - .microseconds(right.rawValue)
    }

    /// RFC 3339 in UTC with six digits of the second.
    ///
    /// Its years have four digits: what lies beyond is the first or the last instant of them.
    package var rfc3339: String {
        let shown = min(max(rawValue, Self.yearOne), Self.endOf9999)
        let seconds = shown.quotientRoundedDown(by: 1_000_000)
        let fraction = shown - seconds * 1_000_000
        let date = Date(timeIntervalSince1970: Double(seconds))
        let whole = date.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
        return "\(whole.dropLast()).\(String(fraction + 1_000_000).dropFirst())Z"
    }

    private static let yearOne: Int64 = -62_135_596_800_000_000
    private static let endOf9999: Int64 = 253_402_300_799_999_999
}

/// A reading of CLOCK_MONOTONIC in microseconds: leases and heartbeats are kept in it, so that a
/// step of the wall clock expires nothing.
///
/// It means something only within one boot.
package struct MonotonicTime: RawRepresentable, Hashable, Comparable, Sendable {
    package var rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package static func + (left: Self, right: Duration) -> Self {
        MonotonicTime(rawValue: left.rawValue.adding(saturating: right.microseconds))
    }

    package static func - (left: Self, right: Self) -> Duration {
        .microseconds(left.rawValue) - .microseconds(right.rawValue)
    }
}

/// Where time and chance come from.
///
/// Injected, so that tests advance them instead of waiting.
package struct Clocks: Sendable {
    package var now: @Sendable () -> Timestamp
    package var monotonic: @Sendable () -> MonotonicTime
    /// Since the machine was started, also while it was suspended: the wall clock goes on then, too,
    /// and did not step when it resumes.
    package var sinceBoot: @Sendable () -> MonotonicTime
    /// Names this boot of the machine: a lease of another boot has expired.
    package var bootID: String
    /// A number from 0 up to, not including, 1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Timestamp,
        monotonic: @escaping @Sendable () -> MonotonicTime,
        sinceBoot: @escaping @Sendable () -> MonotonicTime,
        bootID: String,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.monotonic = monotonic
        self.sinceBoot = sinceBoot
        self.bootID = bootID
        self.random = random
    }

    /// The machine's own clocks.
    package static let system = Clocks(
        now: { Timestamp(rawValue: microseconds(of: CLOCK_REALTIME)) },
        monotonic: { MonotonicTime(rawValue: microseconds(of: CLOCK_MONOTONIC)) },
        sinceBoot: { MonotonicTime(rawValue: microseconds(of: CLOCK_BOOTTIME)) },
        bootID: readBootID(),
        random: { .random(in: 0..<1) }
    )

    private static func microseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock_gettime fails only for clocks that do not exist")
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// proc(5), /proc/sys/kernel/random/boot_id.
    ///
    /// Without it every lease would look like one of another boot, so its absence is a broken
    /// machine, not a default.
    private static func readBootID() -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            preconditionFailure("\(path) cannot be read: is /proc mounted?")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension Duration {
    /// Whole microseconds, rounded toward zero; the largest number there is where they are more.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflows { return seconds < 0 ? .min : .max }
        return whole.adding(saturating: attoseconds / 1_000_000_000_000)
    }

    /// Seconds with their fraction, for people and timers.
    package var seconds: Double {
        Double(microseconds) / 1_000_000
    }
}

extension FixedWidthInteger {
    /// The sum, or the first or last number there is where it would be beyond.
    package func adding(saturating other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }
}

extension Int64 {
    fileprivate func quotientRoundedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

import QueueCore
import TestSupport
import Testing

@Suite
struct ClocksTests {
    static let texts: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000000Z"), (1, "1970-01-01T00:00:00.000001Z"),
        (999_999, "1970-01-01T00:00:00.999999Z"), (1_000_000, "1970-01-01T00:00:01.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"), (-1_000_000, "1969-12-31T23:59:59.000000Z"),
        (-1_000_001, "1969-12-31T23:59:58.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (1_790_000_000_123_456, "2026-09-21T14:13:20.123456Z"),
        (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ]

    @Test(arguments: texts)
    func `a time is printed in UTC with six digits of the second`(time: Int64, text: String) {
        #expect(Timestamp(rawValue: time).rfc3339 == text)
    }

    @Test
    func `times and durations are added and compared in microseconds`() {
        let start = Timestamp(rawValue: 5)
        #expect(start + .microseconds(3) == Timestamp(rawValue: 8))
        #expect(start + .nanoseconds(1999) == Timestamp(rawValue: 6))
        #expect(Timestamp(rawValue: 8) - start == .microseconds(3))
        #expect(start < Timestamp(rawValue: 6))
        #expect(Duration.seconds(1.5).microseconds == 1_500_000)
        #expect(Duration.milliseconds(-1).microseconds == -1000)
        #expect(Duration.milliseconds(250).seconds == 0.25)
        #expect(MonotonicTime(rawValue: 1) + .seconds(1) == MonotonicTime(rawValue: 1_000_001))
    }

    @Test
    func `the machine's clocks go forward, and its boot has a name`() {
        let clocks = Clocks.system
        let (now, monotonic) = (clocks.now(), clocks.monotonic())
        #expect(clocks.monotonic() >= monotonic)
        #expect(clocks.now() > Timestamp(rawValue: 1_700_000_000_000_000))
        #expect(now > Timestamp(rawValue: monotonic.rawValue))
        #expect(clocks.bootID.count == 36)
        #expect((0..<1).contains(clocks.random()))
    }

    @Test
    func `nothing overflows at the ends of time`() {
        let (first, last) = (Timestamp(rawValue: .min), Timestamp(rawValue: .max))
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect(last + .seconds(Int64.max) == last)
        #expect(first + .seconds(Int64.min) == first)
        #expect(last - first > .seconds(1))
        #expect((last - first).microseconds == .max)
        #expect((first - last).microseconds == .min)
        #expect(MonotonicTime(rawValue: .max) + .seconds(1) == MonotonicTime(rawValue: .max))
        #expect(!first.rfc3339.isEmpty && !last.rfc3339.isEmpty)
    }
}

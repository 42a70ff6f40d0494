import ArgumentParser
import Foundation
import QueueCore
import Testing

@testable import Operator

@Suite
struct TimeArgumentTests {
    /// 2026-11-21 10:00:05 in UTC, 11:00:05 in Berlin.
    private static let now = Timestamp(rawValue: 1_795_255_205_500_000)

    private func instant(_ text: String, zone: String = "Europe/Berlin") throws -> String {
        let timeZone = try #require(TimeZone(identifier: zone))
        return try TimeArgument.parse(text).instant(now: Self.now, timeZone: timeZone).rfc3339
    }

    @Test(arguments: [
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000000Z"),
        ("2026-11-21T10:00:00.25+02:00", "2026-11-21T08:00:00.250000Z"),
        ("2026-11-21 10:00", "2026-11-21T09:00:00.000000Z"),
        ("2026-11-21T10:00:30", "2026-11-21T09:00:30.000000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000000Z"),
        ("10:00", "2026-11-21T09:00:00.000000Z"),
        ("7:05:09", "2026-11-21T06:05:09.000000Z"),
        ("0:00", "2026-11-20T23:00:00.000000Z"),
        ("2h", "2026-11-21T08:00:05.500000Z"),
        ("1d12h", "2026-11-19T22:00:05.500000Z"),
        ("0s", "2026-11-21T10:00:05.500000Z"),
    ])
    func `a time is what people of this machine mean`(text: String, expected: String) throws {
        #expect(try instant(text) == expected)
    }

    @Test
    func `an hour that daylight saving leaves out is the one after it`() throws {
        #expect(try instant("2026-03-29 02:30") == "2026-03-29T01:30:00.000000Z")
    }

    @Test(arguments: [
        "", "2", "2hours", "soon", "yesterday", "-2h", "1.5h", "2026-02-30", "2026-13-01",
        "2026-11-21 ", "2026-11-21 24:00", "2026-11-21 10", "10:60", "25:00", "10:00:61",
        "10:00Z", "2026-11-2110:00", " 10:00", "101y", "40000d", "9999999999d", "٢h",
    ])
    func `what is no time is refused with all ways to say one`(text: String) {
        let error = #expect(throws: ValidationError.self) { try TimeArgument.parse(text) }
        #expect(error?.message.contains("(90s, 30m, 2h, 7d)") == true)
    }

    @Test(arguments: [
        ("5/s", Duration.milliseconds(200)), ("100/m", .milliseconds(600)),
        ("10/h", .seconds(360)), ("50/d", .seconds(1_728)), ("1/s", .seconds(1)),
        ("999999/s", .microseconds(1)),
    ])
    func `a rate is the time from one to the next`(text: String, spacing: Duration) throws {
        let rate = try Rate.parse(text)
        #expect(rate.spacing.microseconds == spacing.microseconds)
    }

    @Test(arguments: ["", "5", "0/s", "5/w", "5/", "/s", "-5/s", "1.5/s", "5 / s", "1000000/s"])
    func `what is no rate is refused`(text: String) {
        #expect(throws: ValidationError.self) { try Rate.parse(text) }
    }
}

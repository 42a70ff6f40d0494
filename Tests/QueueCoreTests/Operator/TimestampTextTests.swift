import QueueCore
import Testing

@Suite
struct TimestampTextTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("2026-11-21T10:00:00Z", 1_795_255_200_000_000),
        ("2026-11-21T11:00:00+01:00", 1_795_255_200_000_000),
        ("2026-11-21t04:30:00.000001-05:30", 1_795_255_200_000_001),
        ("2026-11-21 10:00:00.123456789z", 1_795_255_200_123_456),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("2000-02-29T23:59:60Z", 951_868_800_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
    ])
    func `RFC 3339 is read to the microsecond`(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.rawValue == microseconds)
    }

    @Test(arguments: [0, 1_795_255_200_123_456, 1_709_164_799_999_999, -1] as [Int64])
    func `what is printed is read`(microseconds: Int64) {
        let time = Timestamp(rawValue: microseconds)
        #expect(Timestamp(rfc3339: time.rfc3339) == time)
    }

    @Test(arguments: [
        "", "now", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21T10:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T10:60:00Z", "2026-11-21T10:00:61Z", "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00+24:00", "2026-11-21T10:00:00Z ", "٢٠٢٦-11-21T10:00:00Z",
    ])
    func `anything else is nothing`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}

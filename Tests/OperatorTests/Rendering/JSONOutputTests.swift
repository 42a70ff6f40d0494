import Foundation
import QueueCore
import Testing

@testable import Operator

@Suite
struct JSONOutputTests {
    private let record = Record([
        ("seq", .integer(17)),
        ("event_type", .text("pu\"sh\n")),
        ("received_at", .time(Timestamp(rawValue: 1_767_323_045_000_123))),
        ("reason", .null),
        ("decision", .json(#"{"routes": [1, {"a": "b"}]}"#)),
        ("share", .real(0.5)),
    ])

    @Test
    func `a row keeps its columns in order, times as RFC 3339 and JSON as JSON`() {
        #expect(
            JSONValue(record).compact
                == #"{"seq":17,"event_type":"pu\"sh\u000a","#
                + #""received_at":"2026-01-02T03:04:05.000123Z","reason":null,"#
                + #""decision":{"routes": [1, {"a": "b"}]},"share":0.5}"#
        )
    }

    @Test
    func `a list is one array with a row on each line`() throws {
        let text = JSONOutput.list([JSONValue(record), .object([("seq", .integer(16))])])
        #expect(text.split(separator: "\n").count == 4)
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect((parsed as? [[String: Any]])?.count == 2)
    }

    @Test
    func `an empty list is an empty array`() {
        #expect(JSONOutput.list([]) == "[]\n")
    }

    @Test
    func `a single thing is one object`() throws {
        let value = JSONValue(record).adding("jobs", .array([]))
        let text = JSONOutput.object(value)
        #expect(text.hasPrefix("{\n  \"seq\": 17,\n"))
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(parsed?.count == 7)
    }

    @Test
    func `what is not JSON is embedded as a string`() {
        #expect(JSONValue(Record.Value.json("{oops")).compact == #""{oops""#)
        #expect(JSONValue.embedding("plain text").compact == #""plain text""#)
        #expect(JSONValue.embedding(#"{"seq":1}"#).compact == #"{"seq":1}"#)
    }

    @Test
    func `numbers that JSON does not have are null`() {
        #expect(JSONValue.real(.infinity).compact == "null")
        #expect(JSONValue.real(.nan).compact == "null")
    }
}

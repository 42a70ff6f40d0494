import Foundation
import QueueCore
import TestSupport
import Testing

@testable import Worker

@Suite
struct HandlerResultTests {
    static let understood: [(String, HandlerResult)] = [
        (#"{"outcome":"snooze","after":"5m"}"#, .snooze(for: .seconds(300), message: nil)),
        (
            #"{"outcome":"snooze","after":"1h30m","message":"later"}"#,
            .snooze(for: .seconds(5400), message: "later")
        ),
        (#"{"outcome":"snooze","after":"0s"}"#, .snooze(for: .zero, message: nil)),
        (#"{"outcome":"snooze","after":"7d"}"#, .snooze(for: .seconds(604_800), message: nil)),
        (#"{"outcome":"dead"}"#, .dead(message: nil)),
        (#"{"outcome":"dead","message":"ünï"}"#, .dead(message: "ünï")),
        (#"{"outcome":"dead","message":null,"extra":[1]}"#, .dead(message: nil)),
        (#"{"outcome":"retry"}"#, .retry(after: nil, message: nil)),
        (
            #"  {"outcome":"retry","after":"250ms","message":"m"}"# + "\n",
            .retry(after: .milliseconds(250), message: "m")
        ),
    ]

    @Test(arguments: understood)
    func `a result is understood`(text: String, expected: HandlerResult) {
        #expect(HandlerResult.parse(Data(text.utf8)) == expected)
    }

    static let invalid = [
        "x", "{", "[]", "null", "\"dead\"", "{}", #"{"outcome":1}"#, #"{"outcome":null}"#,
        #"{"outcome":"done"}"#, #"{"outcome":"Dead"}"#, #"{"outcome":""}"#,
        #"{"outcome":"snooze"}"#, #"{"outcome":"snooze","after":5}"#,
        #"{"outcome":"snooze","after":"5"}"#, #"{"outcome":"snooze","after":"-5m"}"#,
        #"{"outcome":"snooze","after":"soon"}"#, #"{"outcome":"retry","after":""}{"#,
        #"{"outcome":"dead","message":7}"#, "\u{0}", "\u{FEFF}{",
    ]

    @Test(arguments: invalid)
    func `anything else is invalid and says why`(text: String) {
        guard case .invalid(let why) = HandlerResult.parse(Data(text.utf8)) else {
            Issue.record("it was understood")
            return
        }
        #expect(!why.isEmpty)
    }

    /// Microseconds since 1970 plus such a time do not fit 64 bits, which ends the worker.
    @Test(arguments: ["snooze", "retry"], ["9999999999d", "8d", "200000h"])
    func `a time too long to be meant is invalid`(outcome: String, after: String) {
        let text = #"{"outcome":"\#(outcome)","after":"\#(after)"}"#
        guard case .invalid(let why) = HandlerResult.parse(Data(text.utf8)) else {
            Issue.record("it was understood")
            return
        }
        #expect(why.contains(after))
    }

    @Test
    func `no file and an empty one say nothing`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/result"
            #expect(HandlerResult.read(path) == nil)
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(HandlerResult.read(path) == nil)
            try Data(#"{"outcome":"dead"}"#.utf8).write(to: URL(fileURLWithPath: path))
            #expect(HandlerResult.read(path) == .dead(message: nil))
        }
    }

    @Test
    func `a file that is too long, or a folder in its place, is invalid`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/result"
            let padding = String(repeating: " ", count: HandlerResult.bytesMost)
            try Data((#"{"outcome":"dead"}"# + padding).utf8)
                .write(to: URL(fileURLWithPath: path))
            #expect(HandlerResult.read(path) == .invalid("it is longer than 65536 bytes"))
            guard case .invalid = HandlerResult.read(folder) else {
                Issue.record("a folder was understood")
                return
            }
        }
    }
}

import Foundation
import QueueCore
import TestSupport
import Testing

@testable import Worker

@Suite
struct HandlerResultTests {
    static let understood: [(String, HandlerResult)] = [
        (#"{"outcome":"done"}"#, .done), (#"{"outcome":"done","message":"m"}"# + "\n", .done),
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
        #"{"outcome":"Done"}"#, #"{"outcome":"Dead"}"#, #"{"outcome":""}"#,
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

    static let messages: [(String, String?)] = [
        ("one", "one"), (#" \n \r\n one \n\n"#, "one"), (#"one\ntwo"#, "one…"), ("", nil),
        (#" \n"#, nil), (String(repeating: "ü", count: 500), String(repeating: "ü", count: 500)),
        (String(repeating: "ü", count: 501), String(repeating: "ü", count: 500) + "…"),
    ]

    @Test(arguments: messages)
    func `a message is cut to a line`(message: String, line: String?) {
        for outcome in ["dead", "retry"] {
            let text = #"{"outcome":"\#(outcome)","message":"\#(message)"}"#
            let expected: HandlerResult =
                outcome == "dead" ? .dead(message: line) : .retry(after: nil, message: line)
            #expect(HandlerResult.parse(Data(text.utf8)) == expected)
        }
    }

    @Test(arguments: [true, false])
    func `what a handler left in the place of its result is removed`(isFolder: Bool) async throws {
        try await withTemporaryFolder { folder in
            try ResultFile.makeFolder(stateFolder: folder)
            let token = AttemptToken(job: JobID(rawValue: 1), attempt: 1)
            let path = ResultFile.path(of: token, stateFolder: folder)
            if isFolder {
                try FileManager.default.createDirectory(
                    atPath: path + "/deep",
                    withIntermediateDirectories: true
                )
            } else {
                try Data("x".utf8).write(to: URL(fileURLWithPath: path))
            }
            ResultFile.remove(of: token, stateFolder: folder)
            #expect(!FileManager.default.fileExists(atPath: path))
            ResultFile.remove(of: token, stateFolder: folder)
        }
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
    func `no file, an empty one and white space say nothing`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/result"
            #expect(HandlerResult.read(path) == nil)
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(HandlerResult.read(path) == nil)
            try Data(" \n\t\r\n".utf8).write(to: URL(fileURLWithPath: path))
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

import Foundation
import Gitea
import Testing

@Suite
struct MalformedPayloadTests {
    @Test(arguments: [
        ("", "empty"),
        (" \n", "empty"),
        ("[]", "the top level is an array, not an object"),
        ("5", "the top level is a number, not an object"),
        ("null", "the top level is null, not an object"),
        ("true", "the top level is a boolean, not an object"),
        (#""x""#, "the top level is a string, not an object"),
        ("hello", "no JSON value at line 1, column 1 (byte 0)"),
        ("payload=%7B%7D", "no JSON value at line 1, column 1 (byte 0)"),
        ("\u{FEFF}{}", "no JSON value at line 1, column 1 (byte 0)"),
        ("{", "the text ends too early"),
        (#"{"a""#, "the text ends too early"),
        (#"{"a":"#, "the text ends too early"),
        (#"{"a":1"#, "the text ends too early"),
        (#"{"a":1,"#, "the text ends too early"),
        (#"{"a":"b"#, "a string without an end at line 1, column 6 (byte 5)"),
        (#"{"a":"b\"#, "the text ends too early"),
        (#"{"a":"\u00"#, "the text ends too early"),
        (#"{"a":tru"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":[1,2"#, "the text ends too early"),
        (#"{"a":-"#, "the text ends too early"),
        (#"{"a":1,}"#, "no key at line 1, column 8 (byte 7)"),
        (#"{,}"#, "no key at line 1, column 2 (byte 1)"),
        (#"{a:1}"#, "no key at line 1, column 2 (byte 1)"),
        (#"{'a':1}"#, "no key at line 1, column 2 (byte 1)"),
        (#"{"a" 1}"#, "no colon after a key at line 1, column 6 (byte 5)"),
        (#"{"a":1 "b":2}"#, "no comma and no end of an object at line 1, column 8 (byte 7)"),
        ("{\n  \"a\": [1 2]\n}", "no comma and no end of an array at line 2, column 11 (byte 12)"),
        (#"{"a":[1,]}"#, "no JSON value at line 1, column 9 (byte 8)"),
        (#"{} x"#, "text after the end at line 1, column 4 (byte 3)"),
        (#"{}{}"#, "text after the end at line 1, column 3 (byte 2)"),
        (#"{"a":01}"#, "no comma and no end of an object at line 1, column 7 (byte 6)"),
        (#"{"a":+1}"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":.5}"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":5.}"#, "no digit in a number at line 1, column 8 (byte 7)"),
        (#"{"a":5e}"#, "no digit in a number at line 1, column 8 (byte 7)"),
        (#"{"a":-x}"#, "no digit in a number at line 1, column 7 (byte 6)"),
        (#"{"a":NaN}"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":nul}"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":True}"#, "no JSON value at line 1, column 6 (byte 5)"),
        (#"{"a":"\x"}"#, "an unknown escape at line 1, column 8 (byte 7)"),
        (
            #"{"a":"\u12g4"}"#,
            "an escape without four hexadecimal digits at line 1, column 11 (byte 10)"
        ),
        ("{\"a\":\"\n\"}", "a control character in a string at line 1, column 7 (byte 6)"),
        ("{\"a\":\"\u{0}\"}", "a control character in a string at line 1, column 7 (byte 6)"),
        ("{}\u{0}", "text after the end at line 1, column 3 (byte 2)"),
        ("{\u{A0}}", "no key at line 1, column 2 (byte 1)"),
    ])
    func `what is no JSON object is malformed`(payload: String, reason: String) {
        #expect(throws: PayloadError.malformed(reason: reason)) {
            try Event.decode(type: "push", payload: Data(payload.utf8))
        }
    }

    /// A type, a payload, what is asked for, and why that cannot be told.
    struct Unfit: Sendable, CustomTestStringConvertible {
        let type: String
        let payload: String
        let reason: String
        let read: @Sendable (Event) throws -> Void

        init(
            _ type: String,
            _ payload: String,
            _ reason: String,
            read: @escaping @Sendable (Event) throws -> Void
        ) {
            self.type = type
            self.payload = payload
            self.reason = reason
            self.read = read
        }

        var testDescription: String { "\(type) \(payload)" }
    }

    static let unfit: [Unfit] = [
        Unfit("push", #"{"action":5}"#, "action: expected a string, found a number") {
            _ = try $0.action
        },
        Unfit("push", #"{"action":{}}"#, "action: expected a string, found an object") {
            _ = try $0.action
        },
        Unfit("push", #"{"action":["a"]}"#, "action: expected a string, found an array") {
            _ = try $0.action
        },
        Unfit("push", #"{"action":true}"#, "action: expected a string, found a boolean") {
            _ = try $0.action
        },
        Unfit("push", #"{"repository":"x"}"#, "repository: expected an object, found a string") {
            _ = try $0.repository.id
        },
        Unfit("push", #"{"repository":[]}"#, "repository: expected an object, found an array") {
            _ = try $0.repository.isArchived
        },
        Unfit(
            "push",
            #"{"repository":{"id":"1"}}"#,
            "repository.id: expected a number, found a string"
        ) {
            _ = try $0.repository.id
        },
        Unfit(
            "push",
            #"{"repository":{"id":1.5}}"#,
            "repository.id: expected a whole number, found a fraction"
        ) {
            _ = try $0.repository.id
        },
        Unfit(
            "push",
            #"{"repository":{"id":1e3}}"#,
            "repository.id: expected a whole number, found a fraction"
        ) {
            _ = try $0.repository.id
        },
        Unfit(
            "push",
            #"{"repository":{"id":9223372036854775808}}"#,
            "repository.id: expected a number of 64 bits, found a longer one"
        ) {
            _ = try $0.repository.id
        },
        Unfit(
            "push",
            #"{"sender":{"id":-9223372036854775809}}"#,
            "sender.id: expected a number of 64 bits, found a longer one"
        ) {
            _ = try $0.sender.id
        },
        Unfit(
            "push",
            #"{"sender":{"id":\#(String(repeating: "9", count: 5000))}}"#,
            "sender.id: expected a number of 64 bits, found a longer one"
        ) {
            _ = try $0.sender.id
        },
        Unfit(
            "push",
            #"{"repository":{"private":"yes"}}"#,
            "repository.private: expected a boolean, found a string"
        ) {
            _ = try $0.repository.isPrivate
        },
        Unfit("create", #"{"ref":"x","ref_type":1}"#, "ref_type: expected a string, found a number")
        {
            _ = try $0.ref
        },
        Unfit("issues", #"{"issue":7}"#, "issue: expected an object, found a number") {
            _ = try $0.issue?.labels
        },
        Unfit("issues", #"{"issue":7}"#, "issue: expected an object, found a number") {
            _ = try $0.issue?.author.id
        },
        Unfit(
            "issues",
            #"{"issue":{"milestone":"m"}}"#,
            "issue.milestone: expected an object, found a string"
        ) {
            _ = try $0.issue?.milestone
        },
        Unfit(
            "issues",
            #"{"issue":{"labels":{}}}"#,
            "issue.labels: expected an array, found an object"
        ) {
            _ = try $0.issue?.labels
        },
        Unfit(
            "issues",
            #"{"issue":{"labels":[{"name":"a"},7]}}"#,
            "issue.labels[1]: expected an object, found a number"
        ) {
            _ = try $0.issue?.labels
        },
        Unfit(
            "issues",
            #"{"issue":{"labels":[{"name":null}]}}"#,
            "issue.labels[0].name: expected a string, found null"
        ) {
            _ = try $0.issue?.labels
        },
        Unfit(
            "issues",
            #"{"issue":{"updated_at":"yesterday"}}"#,
            "issue.updated_at: expected a time as 2006-01-02T15:04:05Z, found other text"
        ) {
            _ = try $0.issue?.updatedAt
        },
        Unfit(
            "pull_request",
            #"{"pull_request":{"head":{"ref":7}}}"#,
            "pull_request.head.ref: expected a string, found a number"
        ) {
            _ = try $0.pullRequest?.head.ref
        },
        Unfit(
            "pull_request",
            #"{"pull_request":{"head":"main"}}"#,
            "pull_request.head: expected an object, found a string"
        ) {
            _ = try $0.pullRequest?.head.sha
        },
        Unfit("push", #"{"commits":{}}"#, "commits: expected an array, found an object") {
            _ = try $0.push?.changedPaths(atMost: 9, bytes: 99)
        },
        Unfit("push", #"{"commits":[{},[]]}"#, "commits[1]: expected an object, found an array") {
            _ = try $0.push?.changedPaths(atMost: 9, bytes: 99)
        },
        Unfit(
            "push",
            #"{"commits":[{"added":"a"}]}"#,
            "commits[0].added: expected an array, found a string"
        ) {
            _ = try $0.push?.changedPaths(atMost: 9, bytes: 99)
        },
        Unfit(
            "push",
            #"{"commits":[{"added":["a",7]}]}"#,
            "commits[0].added[1]: expected a string, found a number"
        ) {
            _ = try $0.push?.changedPaths(atMost: 9, bytes: 99)
        },
        Unfit(
            "action_run_failure",
            #"{"run":{"trigger_user":5}}"#,
            "run.trigger_user: expected an object, found a number"
        ) {
            _ = try $0.sender.id
        },
    ]

    @Test(arguments: unfit)
    func `a member of the wrong type is named when it is read, and only then`(_ test: Unfit) throws
    {
        let event = try Event.decode(type: test.type, payload: Data(test.payload.utf8))
        #expect(throws: PayloadError.malformed(reason: test.reason)) { try test.read(event) }
    }

    @Test(
        arguments: [
            ([0xFF], 0),
            (Array(#"{"a":""#.utf8) + [0xC3] + Array(#""}"#.utf8), 6),
            (Array(#"{"a":"\#n"#.utf8) + [0xED, 0xA0, 0x80], 7),
            (Array("{}".utf8) + [0xC0, 0x80], 2),
            (Array("{}".utf8) + [0xF4, 0x90, 0x80, 0x80], 2),
        ] as [([UInt8], Int)]
    )
    func `bytes that are not UTF-8 are malformed`(payload: [UInt8], position: Int) throws {
        let error = try #require(
            #expect(throws: PayloadError.self) {
                try Event.decode(type: "push", payload: Data(payload))
            }
        )
        #expect("\(error)".contains("not UTF-8 at line"))
        #expect("\(error)".hasSuffix("(byte \(position))"))
    }

    @Test
    func `UTF-16 is malformed`() throws {
        let payload = try #require("{}".data(using: .utf16LittleEndian))
        #expect(throws: PayloadError.self) { try Event.decode(type: "push", payload: payload) }
    }

    @Test(arguments: [513, 10_000, 1_000_000])
    func `deep nesting is malformed and does no harm`(levels: Int) {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let opened = String(repeating: open, count: levels)
            let closed = String(repeating: close, count: levels)
            for text in [opened, "\(opened)1\(closed)"] {
                #expect(throws: PayloadError.self) { try decode(text) }
                #expect(throws: PayloadError.self) { try decode(#"{"a":\#(text)}"#) }
                #expect(throws: PayloadError.self) { try decode(#"{"repository":\#(text)}"#) }
            }
        }
    }

    @Test
    func `nesting is allowed up to its limit, on a small stack too`() async {
        let opened = String(repeating: "[", count: 511)
        let text = #"{"a":"# + opened + String(repeating: "]", count: 511) + "}"
        let action = await withCheckedContinuation { continuation in
            let thread = Thread {
                let event = try? decode(text.dropLast() + #","action":"read"}"#)
                continuation.resume(returning: try? event?.action)
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        #expect(action == "read")
        #expect {
            try decode(#"{"a":["# + opened)
        } throws: {
            "\($0)".contains("nested deeper than 512 levels at line 1, column 517")
        }
    }

    @Test(arguments: ["create-branch", "issues-opened-form", "push-branch"])
    func `a cut recording is malformed`(name: String) throws {
        let (headers, payload) = try Recording(name: name).payload()
        for length in stride(from: 0, to: payload.count, by: 13) + [payload.count - 1] {
            #expect(throws: PayloadError.self) {
                try Event.decode(type: headers.eventType, payload: payload.prefix(length))
            }
        }
    }

    @Test
    func `what decodes after random damage is JSON to Foundation too`() throws {
        let (headers, payload) = try Recording(name: "create-branch").payload()
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(state: seed)
        let interesting = Array(#"{}[]":,\0123456789-+.eEtrufalsn/ "#.utf8) + [0, 0x0A, 0x80, 0xFF]
        for round in 0..<1500 {
            var changed = payload
            for _ in 0...(round % 3) {
                let position = Int(random.next() % UInt64(changed.count))
                changed[position] = interesting[Int(random.next() % UInt64(interesting.count))]
            }
            guard (try? Event.decode(type: headers.eventType, payload: changed)) != nil else {
                continue
            }
            #expect(throws: Never.self, "seed \(seed), round \(round)") {
                try JSONSerialization.jsonObject(with: changed)
            }
        }
    }

    @Test
    func `a reason quotes nothing of the payload`() throws {
        let payload = Data(#"{"token hunter2": hunter2}"#.utf8)
        let error = #expect(throws: PayloadError.self) {
            try Event.decode(type: "push", payload: payload)
        }
        #expect(!"\(try #require(error))".contains("hunter2"))
    }

    private func decode(_ text: String) throws -> Event {
        try Event.decode(type: "push", payload: Data(text.utf8))
    }
}

/// A generator whose seed can be printed. Source: prng.di.unimi.it/splitmix64.c
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

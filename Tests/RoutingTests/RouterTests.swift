import Foundation
import Gitea
import Routing
import Testing

@testable import QueueCore
@testable import Settings

@Suite
struct RouterTests {
    /// An event, a route, and why it does not match; nil when it does.
    struct Case: Sendable, CustomTestStringConvertible {
        var type: String
        var payload: String
        var route: RouteSettings
        var because: String?

        init(
            _ type: String,
            _ payload: String,
            on events: EventSelection = .any,
            action: [String]? = nil,
            branch: Condition? = nil,
            because: String? = nil
        ) {
            self.type = type
            self.payload = payload
            route = RouteSettings(
                name: "route",
                events: events,
                when: .all([action.map(Condition.action), branch].compactMap(\.self)),
                run: "handler"
            )
            self.because = because
        }

        var testDescription: String { "\(type) \(payload) \(route)" }
    }

    // MARK: Payloads

    private static func push(_ ref: String, defaultBranch: String? = "main") -> String {
        let branch = defaultBranch.map { #","default_branch":"\#($0)""# } ?? ""
        return #"{"ref":"\#(ref)","before":"a","after":"b","#
            + #""repository":{"id":17,"full_name":"o/r"\#(branch)}}"#
    }

    private static func reference(
        _ ref: String,
        _ type: String,
        isDeleted: Bool = false
    ) -> String {
        #"{"ref":"\#(ref)","ref_type":"\#(type)",\#(isDeleted ? #""pusher_type":"user","# : "")"#
            + #""repository":{"id":17,"full_name":"o/r","default_branch":"main"}}"#
    }

    private static func issue(_ action: String) -> String {
        #"{"action":"\#(action)","number":42,"issue":{"number":42},"#
            + #""repository":{"id":17,"full_name":"o/r","default_branch":"main"}}"#
    }

    private static func comment(_ action: String) -> String {
        #"{"action":"\#(action)","issue":{"number":42},"comment":{},"is_pull":false,"#
            + #""repository":{"id":17,"full_name":"o/r","default_branch":"main"}}"#
    }

    private static func pull(_ action: String, review: String = "null") -> String {
        #"{"action":"\#(action)","number":42,"pull_request":{"number":42},"review":\#(review),"#
            + #""repository":{"id":17,"full_name":"o/r","default_branch":"main"}}"#
    }

    private static let release =
        #"{"action":"published","release":{},"number":42,"ref":"refs/heads/main","#
        + #""repository":{"id":17,"full_name":"o/r","default_branch":"main"}}"#

    /// A push without anything that is not needed to tell that it is one.
    private static let bare = #"{"ref":"refs/heads/main","before":"a","after":"b"}"#

    private static let main = push("refs/heads/main")
    private static let work = push("refs/heads/feature/x")
    private static let tag = push("refs/tags/v1")

    private static let package = #"{"action":"created","repository":null,"package":{}}"#

    // MARK: Cases

    static let events: [Case] = [
        Case("push", main), Case("push", main, on: .types(["push"])),
        Case("push", main, on: .types(["issues", "push"])),
        Case(
            "push",
            main,
            on: .types(["issues"]),
            because: "event type is push, not issues"
        ),
        Case(
            "push",
            main,
            on: .types(["issues", "release"]),
            because: "event type is push, not issues or release"
        ),
        // The type counts, not the coarser event.
        Case(
            "issue_label",
            issue("label_updated"),
            on: .types(["issues"]),
            because: "event type is issue_label, not issues"
        ),
        Case("issue_label", issue("label_updated"), on: .types(["issue_label"])),
        Case(
            "pull_request_sync",
            pull("synchronized"),
            on: .types(["pull_request"]),
            because: "event type is pull_request_sync, not pull_request"
        ),
    ]

    static let actions: [Case] = [
        Case("issues", issue("opened"), action: ["opened"]),
        Case("issues", issue("opened"), action: ["closed", "opened"]),
        Case(
            "issues",
            issue("opened"),
            action: ["closed"],
            because: "action is opened, not closed"
        ),
        Case(
            "issues",
            issue("opened"),
            action: ["closed", "reopened"],
            because: "action is opened, not closed or reopened"
        ),
        Case(
            "issues",
            issue("Opened"),
            action: ["opened"],
            because: "action is Opened, not opened"
        ),
        Case("issues", issue(""), action: ["opened"], because: "action is , not opened"),
        Case("push", main, action: ["opened"], because: "the event has no action"),
        Case(
            "release",
            #"{"action":null,"release":{}}"#,
            action: ["published"],
            because: "the event has no action"
        ),
        Case("release", release, action: ["published"]),
        // An action that Gitea does not have yet.
        Case("issues", issue("pinned"), action: ["pinned"]),
    ]

    static let branches: [Case] = [
        Case("push", main, branch: .defaultBranch),
        Case(
            "push",
            work,
            branch: .defaultBranch,
            because: "branch is feature/x, not the default branch"
        ),
        Case("push", push("refs/heads/trunk", defaultBranch: "trunk"), branch: .defaultBranch),
        // What the default branch is must be known, also to say that a branch is another.
        Case(
            "push",
            push("refs/heads/main", defaultBranch: nil),
            branch: .defaultBranch,
            because: "the payload does not name the default branch"
        ),
        Case(
            "push",
            push("refs/heads/main", defaultBranch: nil),
            branch: .not(.defaultBranch),
            because: "the payload does not name the default branch"
        ),
        Case(
            "push",
            push("refs/heads/main", defaultBranch: nil),
            branch: .any([.named("dev"), .not(.defaultBranch)]),
            because: "branch is main, not dev; the payload does not name the default branch"
        ),
        Case("push", push("refs/heads/main", defaultBranch: nil), branch: .named("main")),
        Case("push", work, branch: .named("feature/x")),
        Case(
            "push",
            work,
            branch: .named("feature"),
            because: "branch is feature/x, not feature"
        ),
        Case("push", work, branch: .named("x"), because: "branch is feature/x, not x"),
        Case("push", main, branch: .named("Main"), because: "branch is main, not Main"),
        Case("push", main, branch: .any([.named("dev"), .defaultBranch])),
        Case("push", main, branch: .any([.named("dev"), .named("main")])),
        Case(
            "push",
            work,
            branch: .any([.named("dev"), .defaultBranch]),
            because: "branch is feature/x, not dev; branch is feature/x, not the default branch"
        ),
        Case("push", work, branch: .not(.defaultBranch)),
        Case(
            "push",
            main,
            branch: .not(.defaultBranch),
            because: "branch is main, and must not be the default branch"
        ),
        Case("push", work, branch: .not(.named("main"))),
        Case("push", work, branch: .not(.any([.named("dev"), .defaultBranch]))),
        Case(
            "push",
            main,
            branch: .not(.any([.named("dev"), .defaultBranch])),
            because: "branch is main, and must not be the default branch"
        ),
        Case("push", main, branch: .not(.not(.defaultBranch))),
        // A tag is no branch, whatever it is called; so no condition on branches is met.
        Case(
            "push",
            tag,
            branch: .defaultBranch,
            because: "refs/tags/v1 is not a branch"
        ),
        Case(
            "push",
            tag,
            branch: .not(.defaultBranch),
            because: "refs/tags/v1 is not a branch"
        ),
        Case(
            "push",
            push("refs/tags/main"),
            branch: .named("main"),
            because: "refs/tags/main is not a branch"
        ),
        Case(
            "push",
            push("refs/pull/3/head"),
            branch: .not(.defaultBranch),
            because: "refs/pull/3/head is not a branch"
        ),
        Case("push", push("refs/heads/refs/heads/main"), branch: .named("refs/heads/main")),
        Case("create", reference("main", "branch"), branch: .defaultBranch),
        Case("create", reference("feature/x", "branch"), branch: .not(.defaultBranch)),
        Case(
            "create",
            reference("main", "tag"),
            branch: .named("main"),
            because: "refs/tags/main is not a branch"
        ),
        Case(
            "delete",
            reference("feature/x", "branch", isDeleted: true),
            branch: .named("feature/x")
        ),
        Case(
            "delete",
            reference("v1", "tag", isDeleted: true),
            branch: .not(.named("x")),
            because: "refs/tags/v1 is not a branch"
        ),
        // Without a branch there is nothing that could be met, not even by `not`.
        Case(
            "issues",
            issue("opened"),
            branch: .defaultBranch,
            because: "the event has no branch"
        ),
        Case(
            "issues",
            issue("opened"),
            branch: .not(.named("x")),
            because: "the event has no branch"
        ),
        Case(
            "release",
            release,
            branch: .named("main"),
            because: "the event has no branch"
        ),
    ]

    static let several: [Case] = [
        // The first condition that fails is named: type, action, branch.
        Case(
            "push",
            work,
            on: .types(["issues"]),
            action: ["opened"],
            branch: .defaultBranch,
            because: "event type is push, not issues"
        ),
        Case(
            "push",
            work,
            on: .types(["push"]),
            action: ["opened"],
            branch: .defaultBranch,
            because: "the event has no action"
        ),
        Case("push", work, on: .types(["push"]), branch: .not(.defaultBranch)),
        Case("issues", issue("opened"), on: .types(["issues"]), action: ["opened"]),
    ]

    @Test(arguments: events + actions + branches + several)
    func `a route matches, or its record names the condition that failed`(_ test: Case) throws {
        let decision = decide(test.type, test.payload, [test.route])
        let record = try #require(try record(decision).routes.first)
        #expect(record.route == "route")
        #expect(record.because == test.because)
        #expect(record.matched == (test.because == nil))
        #expect(decision.jobs.count == (test.because == nil ? 1 : 0))
        #expect(decision.verdict == (test.because == nil ? .routed : .ignored))
        #expect(decision.reason == (test.because == nil ? nil : "no route matches"))
    }

    // MARK: Jobs

    @Test
    func `every route that matches makes a job, in the order of the configuration`() throws {
        let routes = [
            RouteSettings(name: "z", events: .any, run: "h1", with: #"{"a":1}"#),
            RouteSettings(name: "no", events: .types(["issues"]), run: "h2"),
            RouteSettings(name: "a", events: .types(["push"]), run: "h1", lane: .ref),
        ]
        let decision = decide("push", Self.main, routes)
        #expect(
            decision.jobs == [
                NewJob(
                    route: "z",
                    handler: HandlerName(rawValue: "h1"),
                    with: #"{"a":1}"#,
                    repo: "o/r",
                    lane: nil
                ),
                NewJob(
                    route: "a",
                    handler: HandlerName(rawValue: "h1"),
                    with: "{}",
                    repo: "o/r",
                    lane: "default/repo:17/ref:refs/heads/main"
                ),
            ]
        )
        let record = try record(decision)
        #expect(record.eventType == "push")
        #expect(record.routes.map(\.matched) == [true, false, true])
        #expect(record.routes.map(\.route) == ["z", "no", "a"])
    }

    @Test
    func `without routes everything is ignored`() throws {
        let decision = decide("push", Self.main, [])
        #expect(decision.verdict == .ignored)
        #expect(try record(decision).routes.isEmpty)
    }

    @Test
    func `a payload without a repository makes a job of no repository`() {
        let decision = decide(
            "package",
            Self.package,
            [RouteSettings(name: "r", events: .any, run: "h")]
        )
        #expect(decision.jobs.map(\.repo) == [""])
    }

    @Test
    func `a replay is decided like its delivery`() {
        var delivery = Self.delivery("push", Self.main)
        delivery.target = .replay(id: 3, of: DeliverySeq(rawValue: 1))
        let route = RouteSettings(name: "r", events: .any, run: "h", lane: .repository)
        let decision = Router(routes: [route]).decide(delivery)
        #expect(decision.target == .replay(id: 3, of: DeliverySeq(rawValue: 1)))
        #expect(decision.jobs == decide("push", Self.main, [route]).jobs)
    }

    // MARK: Lanes

    static let lanes: [(String, String, LaneKind, String?)] = [
        ("push", main, .repository, "default/repo:17"),
        ("push", main, .ref, "default/repo:17/ref:refs/heads/main"),
        ("push", tag, .ref, "default/repo:17/ref:refs/tags/v1"),
        ("push", main, .issue, nil),
        ("create", reference("main", "branch"), .ref, "default/repo:17/ref:refs/heads/main"),
        ("create", reference("main", "tag"), .ref, "default/repo:17/ref:refs/tags/main"),
        (
            "delete", reference("x", "branch", isDeleted: true), .ref,
            "default/repo:17/ref:refs/heads/x"
        ),
        ("issues", issue("opened"), .issue, "default/repo:17/issue:42"),
        ("issue_comment", comment("created"), .issue, "default/repo:17/issue:42"),
        ("issue_label", issue("label_updated"), .issue, "default/repo:17/issue:42"),
        // Issues and pull requests share one sequence of numbers.
        ("pull_request", pull("opened"), .issue, "default/repo:17/issue:42"),
        (
            "pull_request_review_approved", pull("reviewed", review: "{}"), .issue,
            "default/repo:17/issue:42"
        ),
        ("issues", issue("opened"), .ref, nil),
        ("issues", issue("opened"), .repository, "default/repo:17"),
        ("issues", #"{"action":"opened","number":42,"issue":{}}"#, .issue, nil),
        ("push", bare, .repository, nil), ("push", bare, .ref, nil),
        ("release", release, .issue, nil),
    ]

    @Test(arguments: lanes)
    func `a lane is named by numbers that survive renames, or there is none`(
        type: String,
        payload: String,
        kind: LaneKind,
        expected: String?
    ) {
        let route = RouteSettings(name: "r", events: .any, run: "h", lane: kind)
        #expect(decide(type, payload, [route]).jobs.map(\.lane) == [expected])
    }

    @Test
    func `lanes of two sources are two`() {
        var delivery = Self.delivery("push", Self.main)
        delivery.source = "mirror"
        let route = RouteSettings(name: "r", events: .any, run: "h", lane: .repository)
        let jobs = Router(routes: [route]).decide(delivery).jobs
        #expect(jobs.map(\.lane) == ["mirror/repo:17"])
    }

    // MARK: Malformed

    /// Content type, body, and what the reason tells.
    static let malformed: [(String, String, String)] = [
        ("application/json", "", "empty"), ("application/json", "{", "malformed"),
        ("application/json", "[]", "an array, not an object"),
        ("application/json", "null", "null, not an object"),
        ("application/json", "{} {}", "malformed"),
        ("application/json", "{\"ref\":\"a\",\"ref\":\"b\"}", "ref is there twice"),
        ("application/json", "payload=%7B%7D", "malformed"),
        ("application/json", "{\"a\":\"\u{1}\"}", "malformed"),
        ("application/x-www-form-urlencoded", "{}", "no readable field 'payload'"),
        ("application/x-www-form-urlencoded", "", "no readable field 'payload'"),
        ("application/x-www-form-urlencoded", "payload=%7", "no readable field 'payload'"),
        ("application/x-www-form-urlencoded", "payload=a&payload=b", "no readable field"),
        ("application/x-www-form-urlencoded", "payload=", "empty"),
        ("application/x-www-form-urlencoded", "payload=%5B%5D", "an array, not an object"),
        ("text/plain", "{}", "unknown content type text/plain"), ("", "{}", "unknown content type"),
    ]

    @Test(arguments: malformed)
    func `what cannot be read is malformed and says why`(
        contentType: String,
        body: String,
        reason: String
    ) throws {
        var delivery = Self.delivery("push", body)
        delivery.contentType = contentType
        let decision = Router(routes: [Self.everything]).decide(delivery)
        #expect(decision.verdict == .malformed)
        #expect(decision.jobs.isEmpty)
        let found = try #require(decision.reason)
        #expect(found.contains(reason))
        let record = try JSONDecoder()
            .decode([String: String].self, from: Data(decision.explanation.utf8))
        #expect(record == ["malformed": found])
    }

    @Test
    func `bytes that are no text are malformed`() {
        var delivery = Self.delivery("push", "")
        delivery.body = Data("{\"a\":\"".utf8) + Data([0xFF, 0xFE]) + Data("\"}".utf8)
        #expect(Router(routes: [Self.everything]).decide(delivery).verdict == .malformed)
    }

    @Test
    func `a form and its payload alone are the same delivery`() {
        var form = Self.delivery("push", "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D")
        form.contentType = "application/x-www-form-urlencoded"
        let json = Self.delivery("push", #"{"ref":"refs/heads/main"}"#)
        let router = Router(routes: [Self.everything])
        #expect(router.decide(form).payloadSHA256 == router.decide(json).payloadSHA256)
        #expect(router.decide(form).explanation == router.decide(json).explanation)
    }

    @Test
    func `the digest is of the signed bytes, also of those that are no JSON`() {
        // echo -n '{}' | sha256sum; echo -n '{' | sha256sum
        let digests = [
            "{}": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "{": "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96",
        ]
        for (body, digest) in digests {
            #expect(decide("push", body, []).payloadSHA256 == digest)
        }
    }

    @Test
    func `a record is JSON whatever people write`() throws {
        let odd = "a\"b\\c\n\u{1}\u{2028}🫖"
        let action = String(decoding: try JSONEncoder().encode(odd), as: UTF8.self)
        let payload = #"{"action":\#(action),"release":{}}"#
        let routes = [
            RouteSettings(name: "r", events: .any, when: .action(["x"]), run: "h"),
            RouteSettings(name: odd, events: .any, run: "h"),
        ]
        let record = try record(decide("release", payload, routes))
        #expect(record.action == odd)
        #expect(record.routes.first?.because == "action is \(odd), not x")
        #expect(record.routes.last?.route == odd)
        #expect(try self.record(decide(odd, payload, routes)).eventType == odd)
    }

    // MARK: What is not asked about

    @Test(arguments: ["something_new", "PUSH", "pull_request_approved"])
    func `a type that this version does not know is routed by name, and as part of all`(
        type: String
    ) throws {
        let routes = [
            Self.everything, RouteSettings(name: "named", events: .types([type]), run: "h"),
            RouteSettings(name: "others", events: .types(["push"]), run: "h"),
        ]
        let decision = decide(type, Self.main, routes)
        #expect(decision.verdict == .routed)
        #expect(decision.jobs.map(\.route) == ["everything", "named"])
        #expect(decision.jobs.map(\.repo) == ["o/r", "o/r"])
        let record = try record(decision)
        #expect(record.eventType == type)
        #expect(record.routes.last?.because == "event type is \(type), not push")
    }

    @Test
    func `of a type that is not known only what all events have is known`() throws {
        let routes = [
            RouteSettings(name: "branch", events: .any, when: .defaultBranch, run: "h"),
            RouteSettings(name: "repo", events: .any, when: .repository([.id(17)]), run: "h"),
        ]
        let record = try record(decide("something_new", Self.main, routes))
        #expect(record.routes.map(\.because) == ["the event has no branch", nil])
    }

    @Test
    func `bytes that are no JSON are malformed under an unknown type too`() {
        #expect(decide("something_new", "{", [Self.everything]).verdict == .malformed)
    }

    @Test
    func `a body of another type than the header says is recorded, and not run`() throws {
        let route = RouteSettings(name: "r", events: .any, run: "h")
        let decision = decide("issue_label", Self.issue("opened"), [route])
        #expect(decision.verdict == .mismatched)
        #expect(decision.jobs.isEmpty)
        #expect(decision.payloadSHA256?.count == 64)
        let reason = try #require(decision.reason)
        #expect(reason.contains("the header says issue_label, the body is of issues"))
        let record = try JSONDecoder()
            .decode([String: String].self, from: Data(decision.explanation.utf8))
        #expect(record == ["event_type": "issue_label", "mismatched": reason])
    }

    @Test
    func `a member of the wrong type is malformed for the routes that read it`() {
        let payload = #"""
            {"ref":"refs/heads/main","before":"a","after":"b","action":7,
            "repository":{"id":17,"full_name":"o/r","default_branch":false}}
            """#
        let reading = RouteSettings(
            name: "r",
            events: .types(["push"]),
            when: .defaultBranch,
            run: "h"
        )
        let decision = decide("push", payload, [Self.everything, reading])
        #expect(decision.verdict == .malformed)
        #expect(
            decision.reason?.contains(
                "repository.default_branch: expected a string, found a boolean"
            ) == true
        )
        #expect(decision.jobs.isEmpty)

        let elsewhere = RouteSettings(
            name: "r",
            events: .types(["create"]),
            when: .defaultBranch,
            run: "h"
        )
        let others = decide("push", payload, [Self.everything, elsewhere])
        #expect(others.verdict == .routed)
        #expect(others.jobs.map(\.route) == ["everything"])
    }

    @Test
    func `every type of the settings is one that events have`() {
        #expect(EventTypes.all == EventType.allCases.map(\.rawValue))
    }

    // MARK: Parts

    private struct Explained: Decodable {
        struct Route: Decodable {
            var route: String
            var matched: Bool
            var because: String?
        }

        var eventType: String
        var action: String?
        var routes: [Route]
    }

    private func record(_ decision: Decision) throws -> Explained {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Explained.self, from: Data(decision.explanation.utf8))
    }

    private func decide(_ type: String, _ body: String, _ routes: [RouteSettings]) -> Decision {
        Router(routes: routes).decide(Self.delivery(type, body))
    }

    // MARK: Poison

    @Test(arguments: [0, 1, 2, 3, 4])
    func `what took down three workers is not looked at again`(tries: Int) {
        var delivery = Self.delivery("push", "{}")
        delivery.tries = tries
        let decision = Router(routes: [Self.everything]).decide(delivery)
        guard tries >= 3 else {
            #expect(decision.verdict != .dead)
            return
        }
        #expect(decision.verdict == .dead)
        #expect(decision.reason == "poison: \(tries) workers died while routing it")
        #expect(decision.jobs.isEmpty)
        #expect(decision.payloadSHA256 == nil)
        #expect(decision.target == delivery.target)
    }

    private static let everything = RouteSettings(name: "everything", events: .any, run: "h")

    private static func delivery(_ type: String, _ body: String) -> WaitingDelivery {
        .sample(type: type, contentType: "application/json", body: Data(body.utf8))
    }
}

extension Condition {
    fileprivate static let defaultBranch = Condition.branch([.defaultBranch])

    fileprivate static func named(_ name: String) -> Condition {
        .branch(Glob(pattern: name).map { [.name($0)] } ?? [])
    }
}

extension WaitingDelivery {
    /// Delivery 1 of source `default`.
    static func sample(type: String, contentType: String, body: Data) -> WaitingDelivery {
        WaitingDelivery(
            target: .delivery(DeliverySeq(rawValue: 1)),
            source: "default",
            id: DeliveryID(rawValue: "delivery-1"),
            event: type,
            eventType: type,
            contentType: contentType,
            verifiedBy: "test",
            receivedAt: Timestamp(rawValue: 0),
            tries: 0,
            body: body
        )
    }
}

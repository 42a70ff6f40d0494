import Foundation
import Gitea
import Settings
import Testing

@testable import QueueCore
@testable import Routing

@Suite
struct TrustDecisionTests {
    private static let settings = TrustSettings(owners: [29], bots: [41])

    /// An event of somebody about repository 17; nil leaves the member out.
    private static func body(sender: String?, repository: String? = #"{"id":17}"#) -> Data {
        let members = [
            #""action":"opened","number":1,"issue":{"id":9,"number":1}"#,
            sender.map { #""sender":\#($0)"# }, repository.map { #""repository":\#($0)"# },
        ]
        return Data("{\(members.compactMap(\.self).joined(separator: ","))}".utf8)
    }

    private static func decide(
        sender: String?,
        repository: String? = #"{"id":17}"#,
        isVerified: Bool = true
    ) throws -> TrustDecision {
        let event = try Event.decode(
            type: "issues",
            payload: body(sender: sender, repository: repository)
        )
        return try TrustDecision(of: event, isVerified: isVerified, settings: settings)
    }

    @Test
    func `an owner is who the configuration says`() throws {
        #expect(
            try Self.decide(sender: #"{"id":29,"login":"rooh"}"#)
                == .decided(.owner, because: "user 29 is in trust.owners")
        )
    }

    @Test(arguments: [
        #"{"id":5,"login":"anna"}"#, #"{"id":5,"login":"rooh"}"#,
        #"{"id":5,"login":"anna","is_admin":true}"#,
        #"{"id":5,"login":"anna","username":"29","full_name":"29"}"#,
    ])
    func `everybody else is asked for, whatever the payload says of them`(sender: String) throws {
        let repository = #"{"id":17,"permissions":{"admin":true,"push":true},"owner":{"id":5}}"#
        guard case .ask(let question) = try Self.decide(sender: sender, repository: repository)
        else {
            Issue.record("decided")
            return
        }
        #expect(question.user == 5)
        #expect(question.repository == 17)
    }

    @Test
    func `a bot is asked for like everybody, and never an owner`() throws {
        let question = TrustQuestion(user: 41, login: "sol", repository: 17)
        #expect(try Self.decide(sender: #"{"id":41,"login":"sol"}"#) == .ask(question))
        let event = try Event.decode(
            type: "issues",
            payload: Self.body(sender: #"{"id":41,"login":"sol"}"#)
        )
        let both = TrustSettings(owners: [41], bots: [41])
        #expect(
            try TrustDecision(of: event, isVerified: true, settings: both) == .ask(question)
        )
    }

    static let nobody: [(sender: String?, repository: String?, reason: String)] = [
        (nil, #"{"id":17}"#, "the event has no sender"),
        ("null", #"{"id":17}"#, "the event has no sender"),
        ("{}", #"{"id":17}"#, "the event has no sender"),
        (#"{"id":-1}"#, #"{"id":17}"#, "the sender (-1) is nobody's account"),
        (#"{"id":-2}"#, #"{"id":17}"#, "the sender (-2) is nobody's account"),
        (#"{"id":5}"#, nil, "the event names no repository"),
        (#"{"id":5}"#, "null", "the event names no repository"),
    ]

    @Test(arguments: nobody)
    func `who cannot be asked for may read only`(
        sender: String?,
        repository: String?,
        reason: String
    ) throws {
        #expect(
            try Self.decide(sender: sender, repository: repository)
                == .decided(.readonly, because: reason)
        )
    }

    /// The new fork is 18, and belongs to its sender.
    private static func fork(of forkee: String?) throws -> TrustDecision {
        let members = [
            #""sender":{"id":5,"login":"anna"}"#, #""repository":{"id":18,"fork":true}"#,
            forkee.map { #""forkee":\#($0)"# },
        ]
        let payload = "{\(members.compactMap(\.self).joined(separator: ","))}"
        let event = try Event.decode(type: "fork", payload: Data(payload.utf8))
        return try TrustDecision(of: event, isVerified: true, settings: settings)
    }

    @Test
    func `whoever forks is asked for in what was forked, not in the own fork`() throws {
        #expect(
            try Self.fork(of: #"{"id":17}"#)
                == .ask(TrustQuestion(user: 5, login: "anna", repository: 17))
        )
        for forkee: String? in [nil, "null", "{}"] {
            #expect(
                try Self.fork(of: forkee)
                    == .decided(
                        .readonly,
                        because: "the event names no repository that was forked"
                    )
            )
        }
    }

    @Test
    func `an owner's unverified delivery may be anybody's`() throws {
        #expect(
            try Self.decide(sender: #"{"id":29}"#, isVerified: false)
                == .decided(.readonly, because: "the delivery is not verified")
        )
    }

    @Test(arguments: [#"{"id":"29"}"#, #"{"id":29.5}"#, #"{"id":true}"#])
    func `an id that is no number is a mistake of the payload`(sender: String) {
        #expect(throws: PayloadError.self) { try Self.decide(sender: sender) }
    }

    @Test
    func `a login that is no text is nobody's name`() throws {
        #expect(
            try Self.decide(sender: #"{"id":5,"login":7}"#)
                == .ask(TrustQuestion(user: 5, login: nil, repository: 17))
        )
    }

    // MARK: The code

    /// A pull request into repository 17 that the owner reopened.
    private static func reopened(
        author: Int64,
        head: String,
        sender: Int64 = 29
    ) throws -> Event {
        let payload = #"""
            {"action":"reopened","number":1,"repository":{"id":17},"sender":{"id":\#(sender)},
            "pull_request":{"id":9,"user":{"id":\#(author),"login":"anna"},
            "base":{"repo_id":17},"head":\#(head)}}
            """#
        return try Event.decode(type: "pull_request", payload: Data(payload.utf8))
    }

    private static let own = #"{"repo_id":17}"#
    private static let fork = #"{"repo_id":18,"repo":{"id":18,"owner":{"id":6,"login":"ben"}}}"#

    @Test
    func `code in the repository is of who opened the pull request`() throws {
        #expect(
            try TrustDecision.ofCode(
                in: Self.reopened(author: 5, head: Self.own),
                settings: Self.settings
            ) == [.ask(TrustQuestion(user: 5, login: "anna", repository: 17))]
        )
    }

    @Test
    func `code in a fork is also of who owns the fork`() throws {
        #expect(
            try TrustDecision.ofCode(
                in: Self.reopened(author: 5, head: Self.fork),
                settings: Self.settings
            ) == [
                .ask(TrustQuestion(user: 5, login: "anna", repository: 17)),
                .ask(TrustQuestion(user: 6, login: "ben", repository: 17)),
            ]
        )
    }

    @Test(arguments: [
        ("null", "the event does not say where the code comes from"),
        (#"{"repo_id":18,"repo":null}"#, "the event does not say whose the fork is"),
    ])
    func `code from nowhere is trusted as nobody's`(head: String, reason: String) throws {
        let decisions = try TrustDecision.ofCode(
            in: Self.reopened(author: 29, head: head),
            settings: Self.settings
        )
        #expect(decisions.last == .decided(.readonly, because: reason))
    }

    @Test
    func `a run does not say whose code it is, an issue is about none`() throws {
        let run = try Event.decode(
            type: "workflow_run",
            payload: Data(#"{"workflow_run":{},"repository":{"id":17}}"#.utf8)
        )
        let reason = "a run or commit status does not say whose code it is about"
        #expect(
            try TrustDecision.ofCode(in: run, settings: Self.settings)
                == [.decided(.readonly, because: reason)]
        )
        let issue = try Event.decode(type: "issues", payload: Self.body(sender: #"{"id":5}"#))
        #expect(try TrustDecision.ofCode(in: issue, settings: Self.settings) == [])
    }

    @Test
    func `of a type that this version does not know nobody knows whose code it is`() throws {
        let event = try Event.decode(
            type: "pull_request_queued",
            payload: Self.body(sender: #"{"id":5}"#)
        )
        let reason = "this version does not know the event's type, nor whose code it is"
        #expect(
            try TrustDecision.ofCode(in: event, settings: Self.settings)
                == [.decided(.readonly, because: reason)]
        )
    }

    static let reopenings:
        [(levels: [TrustLevel], author: Int64, head: String, verdict: TrustVerdict)] =
            [
                ([.owner], 29, own, .admitted), ([.owner, .contributor], 29, fork, .asked),
                ([.owner, .contributor], 5, own, .asked),
                (
                    [.owner], 5, own,
                    .refused(because: "trust is not owner: user 5 is not in trust.owners")
                ),
                (
                    [.owner], 29, fork,
                    .refused(because: "trust is not owner: user 6 is not in trust.owners")
                ),
                (
                    [.owner, .contributor], 29, "null",
                    .refused(
                        because:
                            "trust is readonly (the event does not say where the code comes from), "
                            + "not owner or contributor"
                    )
                ),
            ]

    @Test(arguments: reopenings)
    func `an owner's reopening does not make a stranger's code the owner's`(
        levels: [TrustLevel],
        author: Int64,
        head: String,
        verdict: TrustVerdict
    ) throws {
        let event = try Self.reopened(author: author, head: head)
        let sender = try TrustDecision(of: event, isVerified: true, settings: Self.settings)
        #expect(TrustVerdict(levels, [sender]) == .admitted)
        let code = try TrustDecision.ofCode(in: event, settings: Self.settings)
        #expect(TrustVerdict(levels, [sender] + code) == verdict)
    }

    @Test
    func `a job keeps that its code is asked about`() throws {
        var route = Self.route([.owner, .contributor])
        route.trustsCode = true
        let body = Self.body(sender: #"{"id":29}"#)
        let delivery = WaitingDelivery.sample(
            type: "issues",
            contentType: "application/json",
            body: body
        )
        let jobs = Router(routes: [route], trust: Self.settings).decide(delivery).jobs
        #expect(jobs.map(\.trustNeeded) == ["owner,contributor of sender and code"])
    }

    // MARK: Routes

    private static func route(_ levels: [TrustLevel]?) -> RouteSettings {
        RouteSettings(name: "r", events: .types(["issues"]), trust: levels, run: "h")
    }

    private static func decision(
        _ levels: [TrustLevel]?,
        sender: Int64,
        isVerified: Bool = true
    ) -> Decision {
        let seq = DeliverySeq(rawValue: 1)
        let delivery = WaitingDelivery(
            target: .delivery(seq),
            source: "default",
            id: DeliveryID(rawValue: "d"),
            event: "issues",
            eventType: "issues",
            contentType: "application/json",
            verifiedBy: isVerified ? "test" : nil,
            receivedAt: Timestamp(rawValue: 0),
            tries: 0,
            body: body(sender: #"{"id":\#(sender),"login":"x"}"#)
        )
        return Router(routes: [route(levels)], trust: settings).decide(delivery)
    }

    static let admitted: [(levels: [TrustLevel]?, sender: Int64, needed: String?, asks: Bool)] = [
        (nil, 5, nil, false), (nil, 29, nil, false), ([.owner], 29, "owner", false),
        ([.owner, .reader], 29, "owner,reader", false), ([.contributor], 5, "contributor", true),
        ([.owner, .contributor], 5, "owner,contributor", true), ([.readonly], 5, "readonly", true),
        ([.owner, .contributor, .reader], 6, "owner,contributor,reader", true),
        ([.readonly], -1, "readonly", false),
    ]

    @Test(arguments: admitted)
    func `a job that is made keeps what its route takes, an owner's too`(
        levels: [TrustLevel]?,
        sender: Int64,
        needed: String?,
        asks: Bool
    ) {
        let decision = Self.decision(levels, sender: sender)
        #expect(decision.verdict == .routed)
        #expect(decision.jobs.map(\.trustNeeded) == [needed])
        #expect(decision.jobs.map(\.asksGitea) == [asks])
        let word = asks ? "asked" : "admitted"
        let shown = needed.map { "\"\($0)\"" } ?? "null"
        #expect(decision.explanation.contains(#""trust":"\#(word)","trust_needed":\#(shown),"#))
    }

    static let refused: [(levels: [TrustLevel], sender: Int64, reason: String)] = [
        ([.owner], 5, "trust is not owner: user 5 is not in trust.owners"),
        (
            [.contributor, .reader], 29,
            "trust is owner (user 29 is in trust.owners), not contributor or reader"
        ),
        (
            [.owner, .contributor], -1,
            "trust is readonly (the sender (-1) is nobody's account), not owner or contributor"
        ),
    ]

    @Test(arguments: refused)
    func `no job is made when it is clear already`(
        levels: [TrustLevel],
        sender: Int64,
        reason: String
    ) {
        let decision = Self.decision(levels, sender: sender)
        #expect(decision.verdict == .ignored)
        #expect(decision.jobs.isEmpty)
        #expect(decision.explanation.contains(reason), "\(decision.explanation)")
    }

    @Test
    func `what is not verified runs only where readonly is listed`() {
        let all: [TrustLevel] = [.owner, .contributor, .reader]
        for levels: [TrustLevel]? in [nil, [.owner], all] {
            let decision = Self.decision(levels, sender: 29, isVerified: false)
            #expect(decision.verdict == .ignored)
            #expect(decision.explanation.contains("not verified"))
        }
        let decision = Self.decision(all + [.readonly], sender: 29, isVerified: false)
        #expect(decision.jobs.map(\.trustNeeded) == ["owner,contributor,reader,readonly"])
    }
}

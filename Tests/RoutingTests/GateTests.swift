import Foundation
import Gitea
import QueueCore
import Settings
import Testing

@testable import Routing

@Suite
struct GateTests {
    // MARK: Payloads

    /// Members after the opening brace.
    static func sender(_ id: Int64?) -> String {
        id.map { #""sender":{"id":\#($0),"login":"somebody"},"# } ?? ""
    }

    static func repository(isMirror: Bool = false) -> String {
        #""repository":{"id":17,"full_name":"o/r","default_branch":"main","mirror":\#(isMirror)}"#
    }

    static func issue(
        _ action: String,
        body: String = "text",
        by sender: Int64? = 3,
        author: Int64 = 7,
        changed: String? = nil
    ) -> String {
        #"{"action":"\#(action)",\#(self.sender(sender))\#(changes(changed))"number":42,"#
            + #""issue":{"number":42,"user":{"id":\#(author)},"#
            + #""body":\#(JSONText.quoted(body))},\#(repository())}"#
    }

    /// What an edit changed, as Gitea says it.
    static func changes(_ member: String?) -> String {
        member.map { #""changes":{"\#($0)":{"from":"old"}},"# } ?? ""
    }

    static func comment(
        _ action: String,
        body: String,
        by sender: Int64? = 7,
        isPull: Bool = false,
        author: Int64 = 7,
        changed: String? = nil
    ) -> String {
        #"{"action":"\#(action)",\#(self.sender(sender))\#(changes(changed))"#
            + #""issue":{"number":42,"body":"text"},"comment":{"id":1,"user":{"id":\#(author)},"#
            + #""body":\#(JSONText.quoted(body))},"is_pull":\#(isPull),\#(repository())}"#
    }

    static func pull(
        _ action: String,
        body: String = "text",
        review: String? = nil,
        by sender: Int64? = 7
    ) -> String {
        let review = review.map { #"{"type":"","content":\#(JSONText.quoted($0))}"# } ?? "null"
        return #"{"action":"\#(action)",\#(self.sender(sender))"number":42,"review":\#(review),"#
            + #""pull_request":{"number":42,"body":\#(JSONText.quoted(body))},\#(repository())}"#
    }

    static func push(
        isTest: Bool = false,
        isMirror: Bool = false,
        by sender: Int64? = 3
    ) -> String {
        #"{"ref":"refs/heads/main","before":"a","after":"\#(isTest ? "a" : "b")","#
            + "\(self.sender(sender))\(repository(isMirror: isMirror))}"
    }

    static func reference(isDeleted: Bool, isMirror: Bool) -> String {
        #"{"ref":"x","ref_type":"branch",\#(isDeleted ? #""pusher_type":"user","# : "")"#
            + "\(sender(3))\(repository(isMirror: isMirror))}"
    }

    static func status(by sender: Int64) -> String {
        #"{"sha":"a","state":"success","context":"ci","commit":{},"#
            + "\(self.sender(sender))\(repository())}"
    }

    // MARK: Each gate

    /// An event, and what one gate says of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var type: String
        var payload: String
        var gate: Gate
        var word: GateVerdict.Word
        var because: String
        var settings: GateSettings

        init(
            _ type: String,
            _ payload: String,
            _ gate: Gate,
            _ word: GateVerdict.Word,
            _ because: String,
            _ settings: GateSettings = GateSettings()
        ) {
            self.type = type
            self.payload = payload
            self.gate = gate
            self.word = word
            self.because = because
            self.settings = settings
        }

        var testDescription: String { "\(gate) \(type) \(payload)" }
    }

    static let bots: [Case] = [
        Case("push", push(by: 3), .bots, .pass, "sender 3 is no bot"),
        Case("push", push(by: 7), .bots, .hold, "sender 7 is in trust.bots"),
        Case("push", push(by: nil), .bots, .pass, "the event has no sender"),
        Case("issues", issue("opened", by: 8), .bots, .hold, "sender 8 is in trust.bots"),
        Case(
            "push",
            push(by: 7),
            .bots,
            .pass,
            "sender 7 is in trust.bots; gates.bots is run",
            GateSettings(bots: .run)
        ),
        // A deleted account is nobody's, Gitea's own actions are a program.
        Case("push", push(by: -1), .bots, .pass, "sender -1 is no bot"),
        Case("push", push(by: -2), .bots, .hold, "sender -2 is Gitea's actions"),
        Case("status", status(by: -2), .bots, .pass, "sender -2 is no bot"),
        Case("status", status(by: 7), .bots, .hold, "sender 7 is in trust.bots"),
    ]

    private static let mark = "done\n<!-- samovar: job=5 -->"
    private static let held = "bot 7 wrote the marker samovar: job=5"
    private static let unmarked = "no marker is in the text"

    static let echoes: [Case] = [
        Case("issue_comment", comment("created", body: mark), .echo, .hold, held),
        Case(
            "issue_comment",
            comment("edited", body: mark, changed: "body"),
            .echo,
            .hold,
            held
        ),
        // A bot that mends a person's text, which shows a marker, did not write it.
        Case(
            "issue_comment",
            comment("edited", body: mark, author: 3, changed: "body"),
            .echo,
            .pass,
            "nothing was written"
        ),
        Case(
            "issue_comment",
            comment("edited", body: mark),
            .echo,
            .pass,
            "nothing was written"
        ),
        Case("issue_comment", comment("deleted", body: mark), .echo, .pass, "nothing was written"),
        Case(
            "pull_request_comment",
            comment("created", body: mark, isPull: true),
            .echo,
            .hold,
            held
        ),
        Case("issue_comment", comment("created", body: "done"), .echo, .pass, unmarked),
        // A person who quotes a bot, or copies its marker, is never made invisible.
        Case(
            "issue_comment",
            comment("created", body: mark, by: 3),
            .echo,
            .pass,
            "no bot sent it: markers do not count"
        ),
        Case(
            "issue_comment",
            comment("created", body: mark, by: nil),
            .echo,
            .pass,
            "no bot sent it: markers do not count"
        ),
        Case("issues", issue("opened", body: mark, by: 7), .echo, .hold, held),
        Case(
            "issues",
            issue("edited", body: mark, by: 7, changed: "body"),
            .echo,
            .hold,
            held
        ),
        Case(
            "issues",
            issue("edited", body: mark, by: 7, author: 3, changed: "body"),
            .echo,
            .pass,
            "nothing was written"
        ),
        // Only the title was.
        Case(
            "issues",
            issue("edited", body: mark, by: 7, changed: "title"),
            .echo,
            .pass,
            "nothing was written"
        ),
        // The text is old: what the bot did now is something else.
        Case("issues", issue("closed", body: mark, by: 7), .echo, .pass, "nothing was written"),
        Case(
            "issue_label",
            issue("label_updated", body: mark, by: 7),
            .echo,
            .pass,
            "nothing was written"
        ),
        Case("pull_request", pull("opened", body: mark), .echo, .hold, held),
        Case("pull_request", pull("closed", body: mark), .echo, .pass, "nothing was written"),
        Case(
            "pull_request_review_approved",
            pull("reviewed", review: mark),
            .echo,
            .hold,
            held
        ),
        Case(
            "pull_request_review_comment",
            pull("reviewed", body: mark, review: "fine"),
            .echo,
            .pass,
            unmarked
        ),
        Case("push", push(by: 7), .echo, .pass, "nothing was written"),
        // Settings do not open this gate.
        Case(
            "issue_comment",
            comment("created", body: mark),
            .echo,
            .hold,
            held,
            GateSettings(bots: .run)
        ),
        Case(
            "issue_comment",
            comment("created", body: mark),
            .echo,
            .pass,
            unmarked,
            GateSettings(markers: ["agent"])
        ),
        Case(
            "issue_comment",
            comment("created", body: "<!-- other-agent -->"),
            .echo,
            .hold,
            "bot 7 wrote the marker other-agent",
            GateSettings(markers: ["samovar", "other-agent"])
        ),
    ]

    static let tests: [Case] = [
        Case("push", push(), .tests, .pass, "no test delivery"),
        Case("issues", issue("opened"), .tests, .pass, "no test delivery"),
        Case("push", push(isTest: true), .tests, .hold, "Gitea's test delivery: before is after"),
        Case(
            "push",
            push(isTest: true),
            .tests,
            .pass,
            "Gitea's test delivery; gates.tests is run",
            GateSettings(tests: .run)
        ),
    ]

    private static let mirrored = "the repository is a mirror: nobody pushed here"

    static let mirrors: [Case] = [
        Case("push", push(), .mirrors, .pass, "no push to a mirror"),
        Case("push", push(isMirror: true), .mirrors, .hold, mirrored),
        Case("create", reference(isDeleted: false, isMirror: true), .mirrors, .hold, mirrored),
        Case("delete", reference(isDeleted: true, isMirror: true), .mirrors, .hold, mirrored),
        Case(
            "delete",
            reference(isDeleted: true, isMirror: false),
            .mirrors,
            .pass,
            "no push to a mirror"
        ),
        Case(
            "push",
            push(isMirror: true),
            .mirrors,
            .pass,
            "the repository is a mirror; gates.mirrors is run",
            GateSettings(mirrors: .run)
        ),
    ]

    static let loops: [Case] = [
        Case("issues", issue("opened", by: 3), .loop, .pass, "no bot sent it"),
        Case("push", push(by: 7), .loop, .pass, "it is about no issue"),
        Case(
            "issues",
            issue("opened", by: 7),
            .loop,
            .counted,
            "counts if it makes a job: bots may cause 10 events within 1h"
        ),
        Case(
            "pull_request",
            pull("closed"),
            .loop,
            .counted,
            "counts if it makes a job: bots may cause 2 events within 5m",
            GateSettings(loop: LoopSettings(events: 2, per: .seconds(300)))
        ),
        Case(
            "issue_comment",
            comment("created", body: mark),
            .loop,
            .pass,
            "an echo makes no job"
        ),
        Case(
            "issues",
            issue("opened", by: 7),
            .loop,
            .pass,
            "gates.loop is none",
            GateSettings(loop: nil)
        ),
    ]

    @Test(arguments: bots + echoes + tests + mirrors + loops)
    func `a gate says what it holds back, and why`(example: Case) throws {
        let event = try Event.decode(type: example.type, payload: Data(example.payload.utf8))
        #expect(event.disagreement == nil)
        let gates = try Gates(event, example.settings, bots: [7, 8])
        #expect(gates.verdicts.map(\.gate) == Gate.allCases)
        let verdict = gates.verdicts.first { $0.gate == example.gate }
        let expected = GateVerdict(
            gate: example.gate,
            word: example.word,
            because: example.because
        )
        #expect(verdict == expected)
    }

    @Test
    func `what is of the wrong type holds nothing back, and is malformed where a route asks`() {
        let payload =
            #"{"ref":"refs/heads/main","before":"a","after":"b","sender":{"id":"7"},"#
            + #""repository":{"id":17,"mirror":"yes"}}"#
        #expect(Self.decide("push", payload, Self.everything).verdict == .routed)
        for condition in [Condition.sender([.id(7)]), .fact(.mirror, true)] {
            let decision = Self.decide("push", payload, Self.route("asking", condition))
            #expect(decision.verdict == .malformed)
        }
        let comment =
            #"{"action":"created","sender":{"id":7},"issue":{"number":"42"},"#
            + #""comment":{"body":5},"is_pull":false,"repository":{"id":17}}"#
        let decision = Self.decide(
            "issue_comment",
            comment,
            Self.everything,
            gates: GateSettings(bots: .run)
        )
        #expect(decision.verdict == .routed)
        #expect(decision.loop == nil)
    }

    // MARK: Gates and conditions

    static func decide(
        _ type: String,
        _ payload: String,
        _ routes: RouteSettings...,
        gates: GateSettings = GateSettings()
    ) -> Decision {
        Router(routes: routes, gates: gates, trust: TrustSettings(bots: [7, 8]))
            .decide(
                .sample(type: type, contentType: "application/json", body: Data(payload.utf8))
            )
    }

    static let everything = route("everything")

    static func route(
        _ name: String,
        _ when: Condition = .all([]),
        mode: RouteMode = .run
    ) -> RouteSettings {
        RouteSettings(name: name, events: .any, when: when, run: "h", mode: mode)
    }

    /// A condition, and whether it asks for a test delivery, a mirror and bot 7.
    static let wishes: [(Condition, tests: Bool, mirrors: Bool, bot: Bool)] = [
        (.all([]), false, false, false),
        (.fact(.test, true), true, false, false),
        (.fact(.test, false), false, false, false),
        (.not(.fact(.test, false)), true, false, false),
        (.not(.fact(.test, true)), false, false, false),
        (.not(.not(.fact(.test, true))), true, false, false),
        (.any([.fact(.test, true), .branch([.defaultBranch])]), true, false, false),
        (.all([.action(["opened"]), .any([.fact(.mirror, true)])]), false, true, false),
        (.fact(.mirror, false), false, false, false),
        (.fact(.fork, true), false, false, false),
        (.sender([.id(7)]), false, false, true),
        (.sender([.id(9), .id(7)]), false, false, true),
        (.sender([.id(8)]), false, false, false),
        (.not(.sender([.id(7)])), false, false, false),
        (.author([.id(7)]), false, false, false),
    ]

    @Test(arguments: wishes)
    func `a route asks for what it names in its conditions`(
        condition: Condition,
        tests: Bool,
        mirrors: Bool,
        bot: Bool
    ) {
        let wish = GateWish(condition)
        #expect(wish.tests == tests)
        #expect(wish.mirrors == mirrors)
        #expect(wish.senders.contains(7) == bot)
    }

    @Test
    func `what a gate holds back reaches the routes that ask for it, and no others`() {
        let wanting = Self.route("wanting", .sender([.id(7)]))
        let decision = Self.decide("push", Self.push(by: 7), Self.everything, wanting)
        #expect(decision.verdict == .routed)
        #expect(decision.jobs.map(\.route) == ["wanting"])

        let tests = Self.route("tests", .fact(.test, true))
        let test = Self.push(isTest: true)
        #expect(Self.decide("push", test, Self.everything, tests).jobs.map(\.route) == ["tests"])
        let mirrors = Self.route("mirrors", .fact(.mirror, true))
        let mirror = Self.push(isMirror: true)
        #expect(
            Self.decide("push", mirror, Self.everything, mirrors).jobs.map(\.route)
                == ["mirrors"]
        )
    }

    @Test
    func `a route that asks for one gate's events is still held back by another`() {
        let wanting = Self.route("wanting", .sender([.id(7)]))
        let test = Self.decide("push", Self.push(isTest: true, by: 7), wanting)
        #expect(test.verdict == .ignored)
        #expect(test.reason == "gate tests: Gitea's test delivery: before is after")
        let echo = Self.decide(
            "issue_comment",
            Self.comment("created", body: Self.mark),
            wanting,
            gates: GateSettings(bots: .run)
        )
        #expect(echo.verdict == .ignored)
        #expect(echo.reason == "gate echo: \(Self.held)")
        // The marker tells more than that a bot wrote, also where the other gate holds as well.
        let comment = Self.comment("created", body: Self.mark)
        let both = Self.decide("issue_comment", comment, Self.everything, wanting)
        #expect(both.reason == "gate echo: \(Self.held)")
    }

    @Test
    func `the reason names the gate only when a route would have matched`() {
        let elsewhere = Self.route("elsewhere", .action(["opened"]))
        let other = Self.decide("push", Self.push(by: 7), elsewhere)
        #expect(other.reason == "no route matches")
        let held = Self.decide("push", Self.push(by: 7), elsewhere, Self.everything)
        #expect(held.reason == "gate bots: sender 7 is in trust.bots")
        #expect(held.verdict == .ignored)
        #expect(held.jobs.isEmpty)
    }

    // MARK: Loops

    @Test
    func `a bot's event on an issue is counted when it makes jobs`() {
        let wanting = Self.route("wanting", .sender([.id(7)]))
        let decision = Self.decide("issues", Self.issue("opened", by: 7), wanting)
        let expected = LoopWatch(
            issue: "default/repo:17/issue:42",
            events: 10,
            window: .seconds(3600),
            reason: "bots caused more than 10 events within 1h on o/r#42"
        )
        #expect(decision.loop == expected)
        #expect(Self.decide("issues", Self.issue("opened", by: 7), Self.everything).loop == nil)
        #expect(Self.decide("issues", Self.issue("opened", by: 3), Self.everything).loop == nil)
        #expect(Self.decide("push", Self.push(by: 7), wanting).loop == nil)
        let none = GateSettings(loop: nil)
        #expect(
            Self.decide("issues", Self.issue("opened", by: 7), wanting, gates: none).loop == nil
        )
    }

    @Test
    func `a replay counts for nothing`() {
        var delivery = WaitingDelivery.sample(
            type: "issues",
            contentType: "application/json",
            body: Data(Self.issue("opened", by: 7).utf8)
        )
        delivery.target = .replay(id: 1, of: DeliverySeq(rawValue: 1))
        let router = Router(
            routes: [Self.everything],
            gates: GateSettings(bots: .run),
            trust: TrustSettings(bots: [7])
        )
        let decision = router.decide(delivery)
        #expect(decision.verdict == .routed)
        #expect(decision.loop == nil)
    }

    // MARK: Shadows

    @Test
    func `a route in shadow mode is decided and recorded, and makes no job`() throws {
        let shadow = Self.route("shadow", mode: .shadow)
        let alone = Self.decide("push", Self.push(), shadow)
        #expect(alone.verdict == .ignored)
        #expect(alone.reason == "only routes in shadow mode match: shadow")
        #expect(alone.jobs.isEmpty)
        let beside = Self.decide("push", Self.push(), shadow, Self.everything)
        #expect(beside.verdict == .routed)
        #expect(beside.reason == nil)
        #expect(beside.jobs.map(\.route) == ["everything"])
        let never = Self.route("never", .action(["opened"]), mode: .shadow)
        #expect(Self.decide("push", Self.push(), never).reason == "no route matches")
    }

    // MARK: The record

    @Test
    func `the record says what every gate and every route said, and which jobs follow`() {
        var laned = Self.route("laned", .sender([.id(7)]))
        laned.lane = .issue
        laned.trust = [.contributor]
        let shadow = Self.route("shadow", .sender([.id(7)]), mode: .shadow)
        let elsewhere = Self.route("elsewhere", .action(["closed"]))
        let decision = Self.decide(
            "issues",
            Self.issue("opened", by: 7),
            laned,
            shadow,
            Self.everything,
            elsewhere
        )
        #expect(
            decision.explanation
                == #"{"event_type":"issues","action":"opened","gates":["#
                + #"{"gate":"bots","verdict":"hold","because":"sender 7 is in trust.bots"},"#
                + #"{"gate":"echo","verdict":"pass","because":"no marker is in the text"},"#
                + #"{"gate":"tests","verdict":"pass","because":"no test delivery"},"#
                + #"{"gate":"mirrors","verdict":"pass","because":"no push to a mirror"},"#
                + #"{"gate":"loop","verdict":"counted","#
                + #""because":"counts if it makes a job: bots may cause 10 events within 1h"}],"routes":["#
                + #"{"route":"laned","matched":true},"#
                + #"{"route":"shadow","matched":true,"mode":"shadow"},"#
                + #"{"route":"everything","matched":false,"gate":"bots","#
                + #""because":"gate bots: sender 7 is in trust.bots"},"#
                + #"{"route":"elsewhere","matched":false,"because":"action is opened, not closed"}"#
                + #"],"jobs":[{"route":"laned","handler":"h","lane":"default/repo:17/issue:42","#
                + #""trust":"asked","trust_needed":"contributor","mode":"run"},"#
                + #"{"route":"shadow","handler":"h","lane":null,"trust":"admitted","#
                + #""trust_needed":null,"mode":"shadow"}]}"#
        )
    }
}

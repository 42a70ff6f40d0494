import Program
import QueueCore
import Settings
import Testing

@testable import Operator

@Suite
struct PauseTargetTests {
    private static let configuration = Configuration(
        file: "/site/samovar.yaml",
        store: "/site/queue.db",
        ingress: IngressSettings(secrets: []),
        handlers: [
            HandlerSettings(
                name: "deploy",
                kind: .exec(ExecSettings(command: ["/bin/true"]))
            )
        ]
    )

    private func mistake(_ target: PauseTarget) -> Failure? {
        target.mistake(in: Self.configuration)
    }

    @Test
    func `a name of the configuration, any lane, and everything, can be paused`() {
        #expect(mistake(.everything) == nil)
        #expect(mistake(.lane("default/repo:17/issue:42")) == nil)
        #expect(mistake(.handler(HandlerName(rawValue: "deploy"))) == nil)
    }

    @Test
    func `a name that was mistyped is code 2, with the one that was meant`() {
        let failure = mistake(.handler(HandlerName(rawValue: "dpeloy")))
        #expect(failure?.status == .notFound)
        #expect(
            failure?.message == "handler dpeloy is not in the configuration; "
                + "did you mean 'deploy'? Nothing was changed"
        )
        #expect(failure?.hint?.contains("--force") == true)
    }

    @Test
    func `a name that is like no other is code 2 as well`() {
        let failure = mistake(.route("nightly"))
        #expect(
            failure?.message == "route nightly is not in the configuration; nothing was changed"
        )
    }

    @Test
    func `a lane without a job is code 2, with the lanes that there are`() {
        let live = (1...7).map { "default/repo:17/issue:\($0)" }
        let failure = PauseTarget.unknown(lane: "issue:7", live: live + live)
        #expect(failure.status == .notFound)
        #expect(failure.message == "no job is, or was, in lane issue:7; nothing was changed")
        #expect(
            failure.hint?.hasPrefix(
                "Lanes with jobs now: default/repo:17/issue:7, default/repo:17/issue:1, "
            ) == true
        )
        #expect(failure.hint?.contains("and others (samovar jobs list). With --force") == true)
        let none = PauseTarget.unknown(lane: "nope", live: [])
        #expect(none.hint?.hasPrefix("No lane has jobs now. ") == true)
    }

    @Test(arguments: [
        (PauseTarget.everything, "everything", "--everything"),
        (.handler(HandlerName(rawValue: "ci")), "handler ci", "--handler ci"),
        (.route("r"), "route r", "--route r"),
        (.lane("default/repo:17"), "lane default/repo:17", "--lane default/repo:17"),
    ])
    func `a target is said in sentences and on command lines`(
        target: PauseTarget,
        shown: String,
        option: String
    ) {
        #expect(target.shown == shown)
        #expect(target.option == option)
    }

    @Test
    func `people are told what waits, what runs on, and how to resume`() {
        let target = PauseTarget.handler(HandlerName(rawValue: "ci"))
        let text = PauseStartCommand.text(target, PausedJobs(ready: 12, leased: 1))
        #expect(
            text == """
                paused handler ci: 12 jobs wait, 1 that runs goes on
                resume: samovar resume --handler ci

                """
        )
        let quiet = PauseStartCommand.text(.everything, PausedJobs(ready: 1, leased: 0))
        #expect(quiet.hasPrefix("paused everything: 1 job waits\n"))
    }

    @Test
    func `resuming what is not paused says what is`() {
        let pause = Pause(target: .route("r"), reason: nil, since: Timestamp(rawValue: 0))
        let failure = ResumeCommand.notPaused(.everything, [pause])
        #expect(failure.status == .notFound)
        #expect(failure.message == "everything is not paused")
        #expect(failure.hint == "Paused: route r.")
    }
}

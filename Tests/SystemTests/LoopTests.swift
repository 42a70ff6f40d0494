import Foundation
import GRDB
import Spawn
import TestSupport
import Testing

/// A handler whose answers come back as events: the worker itself must notice.
@Suite
struct LoopTests {
    private static let lane = "default/repo:17/issue:42"

    /// What the bot's comment makes Gitea send.
    private static let comment = """
        {"action":"created","sender":{"id":7,"login":"bot"},
        "issue":{"number":42},"comment":{"id":1,"body":"/again"},"is_pull":false,
        "repository":{"id":17,"full_name":"tea/kettle","default_branch":"main"}}
        """

    /// Answers each event with a comment; the route wants the bot's comments.
    private static func settings(_ condition: String) -> SiteSettings {
        let answer = SiteSettings.Handler(
            name: "answer",
            command: ["answer"],
            events: "issue_comment",
            route: [condition, "lane: issue"]
        )
        return SiteSettings(
            sections: ["trust: { bots: [7] }", "gates: { loop: { events: 4, per: 1h } }"],
            handlers: [answer]
        )
    }

    private func writeHandler(_ site: Site, _ ingress: RunningIngress) throws {
        try site.write(Self.comment, to: "comment.json")
        try site.script(
            "answer",
            """
            echo $SAMOVAR_JOB >> noted
            exec \(Binaries.samovar) send comment.json --event issue_comment \
              --url http://127.0.0.1:\(ingress.port)/hooks/gitea --secret-file test.secret
            """
        )
    }

    private func awaitParked(_ site: Site, after jobs: Int) throws {
        try waitUntil("the loop to be parked after \(jobs) jobs") {
            try site.reader.number("SELECT count(*) FROM job WHERE state = 'done'") == jobs
                && site.reader.number(
                    "SELECT count(*) FROM job WHERE state = 'ready' AND parked = 'paused'"
                ) == 1
        }
    }

    @Test
    func `a handler that answers itself is parked with a reason, and goes on when resumed`()
        async throws
    {
        try await Site.with(Self.settings("when: { sender: [7] }")) { site in
            let ingress = try site.startIngress()
            try writeHandler(site, ingress)
            let worker = try site.startWorker()
            try site.startWorker()
            try ingress.accept(
                Request(event: "issue_comment", body: Data(Self.comment.utf8))
            )
            try awaitParked(site, after: 4)
            let reason = "bots caused more than 4 events within 1h on tea/kettle#42"
            #expect(
                try site.reader.texts("SELECT kind || ' ' || name || ': ' || reason FROM pause")
                    == ["lane \(Self.lane): \(reason)"]
            )
            #expect(
                try site.reader.texts("SELECT kind || ' ' || subject FROM incident")
                    == ["loop \(Self.lane)"]
            )
            #expect(
                try site.reader.texts("SELECT verdict || coalesce(reason, '') FROM routing")
                    == ["routed", "routed", "routed", "routed", "routedparked: \(reason)"]
            )
            let shown = try site.run([
                Binaries.samovar, "jobs", "why", "5", "--config",
                site.configuration,
            ])
            #expect(try shown.awaitExit() == .code(0))
            #expect(shown.output.contains("lane \(Self.lane) is paused"), "\(shown.output)")
            #expect(shown.output.contains(reason))
            let delivery = try site.run([
                Binaries.samovar, "deliveries", "show", "5", "--config",
                site.configuration,
            ])
            #expect(try delivery.awaitExit() == .code(0))
            #expect(delivery.output.contains("sender 7 is in trust.bots"), "\(delivery.output)")
            #expect(delivery.output.contains("earlier  limit  parked\n"), "\(delivery.output)")
            #expect(delivery.output.contains("  yes\n"))

            let resumed = try site.run([
                Binaries.samovar, "resume", "--lane", Self.lane, "--config",
                site.configuration,
            ])
            #expect(try resumed.awaitExit() == .code(0))
            // The one that was parked, and four more.
            try awaitParked(site, after: 9)
            #expect(!worker.hasEnded)
        }
    }

    @Test
    func `a bot is not answered unless the route asks for it`() async throws {
        try await Site.with(Self.settings("redelivery: once")) { site in
            let ingress = try site.startIngress()
            try writeHandler(site, ingress)
            try site.startWorker()
            let body = Data(Self.comment.utf8)
            try ingress.accept(Request(event: "issue_comment", body: body))
            let person = Self.comment.replacing(#""id":7"#, with: #""id":8"#)
            try ingress.accept(Request(event: "issue_comment", body: Data(person.utf8)))
            // The person is answered, and the answer is not.
            try waitUntil("three deliveries to be decided") {
                try site.reader.texts(
                    """
                    SELECT coalesce(verdict, 'waiting') || coalesce(' ' || reason, '')
                    FROM routing ORDER BY delivery
                    """
                ) == [
                    "ignored gate bots: sender 7 is in trust.bots", "routed",
                    "ignored gate bots: sender 7 is in trust.bots",
                ]
            }
            try site.awaitQuiet()
            #expect(site.lines("noted") == ["1"])
        }
    }
}

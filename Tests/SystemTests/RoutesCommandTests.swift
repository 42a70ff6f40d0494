import Foundation
import Gitea
import Spawn
import TestSupport
import Testing

/// `samovar routes`: the real program on a site that has taken deliveries.
@Suite(.timeLimit(.minutes(10)))
struct RoutesCommandTests {
    private typealias Handler = SiteSettings.Handler

    private static let settings = SiteSettings(handlers: [
        Handler(
            name: "ci",
            command: ["/usr/bin/true"],
            events: "push",
            route: ["when: { branch: { not: default } }", "lane: ref"]
        ),
        Handler(
            name: "issue",
            command: ["/usr/bin/true"],
            events: "issues",
            route: ["when: { action: opened }", "lane: issue"]
        ),
        Handler(
            name: "watch",
            command: ["/usr/bin/true"],
            events: "issues",
            route: ["mode: shadow"]
        ),
    ])

    /// How a command ended, and what it printed.
    private struct Answer {
        var code: ChildProcess.Exit
        var output: String

        func object() throws -> [String: Any] {
            try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            )
        }
    }

    private func routes(_ site: Site, _ words: String...) throws -> Answer {
        try answer(site, ["routes"] + words)
    }

    private func samovar(_ site: Site, _ words: String...) throws -> Answer {
        try answer(site, words)
    }

    private func answer(_ site: Site, _ words: [String]) throws -> Answer {
        let program = try site.start(Binaries.samovar, arguments: words)
        return Answer(code: try program.awaitExit(), output: program.output)
    }

    private static func recording(_ name: String) throws -> Recording {
        try #require(try Recording.all().first { $0.name == name })
    }

    private static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/deliveries/\(name)").path(percentEncoded: false)
    }

    /// Takes recordings in and has a worker route them, which then ends.
    private func take(_ names: [String], _ site: Site) throws {
        let ingress = try site.startIngress()
        let worker = try site.startWorker()
        for name in names { _ = try ingress.accept(Request(Self.recording(name).delivery)) }
        try site.awaitQuiet()
        for program in [worker, ingress.program] {
            program.signal(SIGTERM)
            _ = try program.awaitExit()
        }
    }

    @Test
    func `list shows every route with all that it asks`() async throws {
        try await Site.with(Self.settings) { site in
            let list = try routes(site, "list")
            #expect(list.code == .code(0))
            let lines = list.output.split(separator: "\n")
            #expect(
                lines[0].split(separator: " ").map(String.init) == [
                    "name", "on", "when", "trust", "lane", "run", "mode",
                ]
            )
            #expect(lines[1].hasPrefix("ci "))
            #expect(lines[3].hasSuffix("shadow"))
            let json = try routes(site, "list", "--json")
            let array = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
            )
            #expect(array.map { $0["name"] as? String } == ["ci", "issue", "watch"])
            #expect(array.map { $0["mode"] as? String } == ["run", "run", "shadow"])
            #expect(array[0]["lane"] as? String == "ref")
        }
    }

    @Test
    func `explain shows the secret, the gates, the routes and the jobs`() async throws {
        try await Site.with(Self.settings) { site in
            try take(["issues-opened.http"], site)
            let answer = try routes(site, "explain", "1")
            #expect(answer.code == .code(0), "\(answer.output)")
            for part in [
                "event       issues, opened", "signature   verified by secret test\n",
                "recorded    routed\n", "now         routed\n", "differs     no\n",
                "repository  labadmin/lab (1)\n", "sender      labadmin (1)\n", "received    20",
                "\ngates\n", "no bot", "event type is issues, not push", "shadow",
                "default/repo:1/issue:1", "admitted", "recorded and now", "\nin the queue\n",
            ] {
                #expect(answer.output.contains(part), "\(part)\n\(answer.output)")
            }
            let object = try routes(site, "explain", "1", "--json").object()
            #expect(object["verified_by"] as? String == "test")
            #expect((object["differences"] as? [Any])?.isEmpty == true)
            let now = try #require(object["now"] as? [String: Any])
            #expect(now["verdict"] as? String == "routed")
            let decided = try #require(now["decision"] as? [String: Any])
            let then = try #require(object["decision"] as? [String: Any])
            #expect(decided as NSDictionary == then as NSDictionary)
        }
    }

    @Test
    func `explain says where the present configuration decides otherwise`() async throws {
        try await Site.with(Self.settings) { site in
            try take(["issues-opened.http"], site)
            var changed = Self.settings
            changed.secrets = [("next", "another secret of some length")]
            changed.handlers[1].route = ["when: { action: closed }", "lane: issue"]
            changed.handlers[2].route = []
            try site.write(changed)
            let text = try routes(site, "explain", "1").output
            #expect(text.contains("differs     issue no longer runs; watch newly runs\n"))
            #expect(text.contains("verified by secret test, which is not configured any more"))
            let line = text.split(separator: "\n").first { $0.hasPrefix("issue ") }
            #expect(line?.contains("differs  action is opened, not closed") == true, "\(text)")
        }
    }

    @Test
    func `explain of a repeat says what was done with the earlier job`() async throws {
        try await Site.with(Self.settings) { site in
            try take(["issues-opened.http"], site)
            let ingress = try site.startIngress()
            var again = Request(try Self.recording("issues-opened.http").delivery)
            again.set("X-Gitea-Delivery", Request.freshID())
            _ = try ingress.accept(again)
            try site.startWorker()
            try site.awaitQuiet()
            let text = try routes(site, "explain", "2").output
            for part in [
                "recorded    repeat: the same bytes as delivery 1: nothing to do\n",
                "now         routed, were it no repeat\n", "differs     no\n",
                "recorded as a repeat: job 1, left alone\n", "\nrepeat of delivery 1\n",
            ] {
                #expect(text.contains(part), "\(part)\n\(text)")
            }
            #expect(!text.contains("run     recorded and now"), "\(text)")
        }
    }

    @Test
    func `explain of what is pruned or not there says so`() async throws {
        try await Site.with(Self.settings) { site in
            try take(["issues-opened.http"], site)
            let shell = try site.run([
                "/usr/bin/sqlite3", site.store,
                """
                UPDATE delivery SET body = NULL, headers = NULL,
                    body_pruned_at = received_at WHERE seq = 1
                """,
            ])
            #expect(try shell.awaitExit() == .code(0), "\(shell.output)")
            let text = try routes(site, "explain", "1").output
            #expect(text.contains("now         not known: its body was pruned\n"))
            #expect(text.contains("recorded    routed\n"))
            #expect(try routes(site, "explain", "1", "--json").object()["now"] is NSNull)
            let missing = try routes(site, "explain", "99")
            #expect(missing.code == .code(2))
            #expect(missing.output.contains("no delivery is named '99'"))
        }
    }

    @Test
    func `explain of what no route was asked about gives the reason`() async throws {
        try await Site.with(Self.settings) { site in
            let ingress = try site.startIngress()
            _ = try ingress.accept(Request(event: "issues"))
            let waiting = try routes(site, "explain", "1").output
            #expect(waiting.contains("recorded    waits to be routed\n"), "\(waiting)")
            #expect(waiting.contains("now         mismatched: the header says issues"))
            try site.startWorker()
            try site.awaitQuiet()
            let text = try routes(site, "explain", "1").output
            #expect(text.contains("recorded    mismatched: the header says issues"), "\(text)")
            #expect(text.contains("differs     no\n"))
            #expect(!text.contains("\nroutes\n"))
        }
    }

    @Test
    func `test decides about a file without a store, and leaves nothing behind`() async throws {
        try await Site.with(Self.settings) { site in
            let answer = try routes(site, "test", Self.path("push-branch.http"))
            #expect(answer.code == .code(0), "\(answer.output)")
            #expect(answer.output.contains("verdict  routed\n"))
            #expect(answer.output.contains("default/repo:1/ref:refs/heads/"))
            let form = try routes(site, "test", Self.path("issues-opened-form.http"), "--json")
            #expect(try form.object()["verdict"] as? String == "routed")
            let body = try Self.recording("push-default-branch.http").delivery.body
            try site.write(String(decoding: body, as: UTF8.self), to: "push.json")
            let json = try routes(site, "test", "push.json", "--event", "push")
            #expect(json.code == .code(0), "\(json.output)")
            #expect(json.output.contains("verdict  ignored: no route matches\n"))
            #expect(json.output.contains("branch is "))
            let unverified = try routes(
                site,
                "test",
                Self.path("push-branch.http"),
                "--unverified"
            )
            #expect(unverified.output.contains("not verified, which only trust: [readonly] takes"))
            #expect(!FileManager.default.fileExists(atPath: site.store))
        }
    }

    @Test
    func `test of bad input says what is wrong with it`() async throws {
        try await Site.with(Self.settings) { site in
            try site.write(#"{"ref":"#, to: "broken.json")
            try site.write(#"{"ref":"refs/heads/x"}"#, to: "push.json")
            try site.write("GET\n", to: "broken.http")
            let malformed = try routes(site, "test", "broken.json", "--event", "push")
            #expect(malformed.code == .code(1))
            #expect(malformed.output.contains("verdict  malformed: "))
            let other = try routes(site, "test", "push.json", "--event", "issues")
            #expect(other.code == .code(1))
            #expect(other.output.contains("verdict  mismatched: "))
            let untyped = try routes(site, "test", "push.json")
            #expect(untyped.code == .code(64))
            #expect(untyped.output.contains("Say so with --event TYPE"))
            let unknown = try routes(site, "test", "push.json", "--event", "pussh")
            #expect(unknown.code == .code(64))
            #expect(unknown.output.contains("no event type 'pussh'; did you mean push?"))
            #expect(unknown.output.contains("Types: ") && !unknown.output.contains("verdict"))
            let missing = try routes(site, "test", "nowhere.http")
            #expect(missing.code == .code(2))
            #expect(missing.output.contains("there is no file nowhere.http"))
            let folder = try routes(site, "test", site.folder)
            #expect(folder.code == .code(64))
            #expect(folder.output.contains(" is a folder"), "\(folder.output)")
            let empty = try routes(site, "test", "/dev/null", "--event", "push")
            #expect(empty.output.contains("verdict  malformed: "), "\(empty.output)")
            let request = try routes(site, "test", "broken.http")
            #expect(request.code == .code(1))
            #expect(request.output.contains("not a recorded delivery"))
            let source = try routes(
                site,
                "test",
                "push.json",
                "--event",
                "push",
                "--source",
                "defaut"
            )
            #expect(source.code == .code(2))
            #expect(source.output.contains("did you mean default?"))
        }
    }

    @Test
    func `test reads standard input and pipes, and knows a request by its first line`() async throws
    {
        try await Site.with(Self.settings) { site in
            let recording = Self.path("push-branch.http")
            try FileManager.default.copyItem(atPath: recording, toPath: site.path("x.txt"))
            let named = try routes(site, "test", "x.txt")
            #expect(named.code == .code(0), "\(named.output)")
            #expect(named.output.contains("verdict  routed\n"))
            let typed = try routes(site, "test", "x.txt", "--event", "push")
            #expect(typed.code == .code(64))
            #expect(typed.output.contains("Leave --event out."))
            let command = "\(Binaries.samovar) --config \(site.configuration) routes test"
            for script in [
                "\(command) - < \(recording)", "cat \(recording) | \(command) /dev/stdin",
                "mkfifo pipe && { cat \(recording) > pipe & \(command) pipe; }",
            ] {
                let program = try site.run(["/bin/sh", "-c", script])
                #expect(try program.awaitExit() == .code(0), "\(script)")
                #expect(program.output.contains("verdict  routed\n"), "\(program.output)")
            }
        }
    }

    @Test
    func `check shows the mode of routes, and who is trusted`() async throws {
        try await Site.with(Self.settings) { site in
            let text = try samovar(site, "check")
            #expect(text.code == .code(0), "\(text.output)")
            let lines = text.output.split(separator: "\n").map { line in
                line.split(separator: " ").joined(separator: " ")
            }
            for line in [
                "trust owners none, bots none", "gitea none",
                "gates bots skip, tests skip, mirrors skip, markers samovar, loop 10 events within 1h",
                "route on when trust lane run mode", "watch issues - - - watch shadow",
            ] {
                #expect(lines.contains(line), "\(line)\n\(text.output)")
            }
            #expect(lines.contains { $0.hasPrefix("retention bodies ") })
            let object = try samovar(site, "check", "--json").object()
            let gates = try #require(object["gates"] as? [String: Any])
            #expect(gates["markers"] as? [String] == ["samovar"])
            let trust = try #require(object["trust"] as? [String: Any])
            #expect((trust["owners"] as? [Any])?.isEmpty == true)
            #expect(object["gitea"] is NSNull)
            let retention = try #require(object["retention"] as? [String: Any])
            #expect(retention["jobs_seconds"] as? Double == 7_776_000.0)
        }
    }

    @Test
    func `diff counts what would newly run, no longer run, and run otherwise`() async throws {
        try await Site.with(Self.settings) { site in
            try take(
                [
                    "issues-opened.http", "issues-closed.http", "push-branch.http",
                    "push-default-branch.http", "repository-created.http",
                ],
                site
            )
            let before = try site.reader.number("SELECT count(*) FROM job")
            let same = try routes(site, "diff", "--since", "7d", site.configuration)
            #expect(same.code == .code(0), "\(same.output)")
            #expect(same.output.contains("the same        5\n"))

            var changed = Self.settings
            changed.handlers[0].route = ["when: { branch: { not: default } }", "lane: repository"]
            changed.handlers[1].route = ["when: { action: closed }", "lane: issue"]
            try site.write(changed.yaml, to: "new.yaml")
            let text = try routes(site, "diff", "--since", "7d", "new.yaml")
            #expect(text.code == .code(1), "\(text.output)")
            for part in [
                "the same        2\n", "newly runs      1\n", "no longer runs  1\n",
                "runs otherwise  1\n", "not compared    0\n", "-issue", "+issue",
                "ci: lane default/repo:1, not default/repo:1/ref:refs/heads/",
                "issue: action is opened, not closed", "issue: action is closed, not opened",
            ] {
                #expect(text.output.contains(part), "\(part)\n\(text.output)")
            }
            let json = try routes(site, "diff", "--since", "7d", "new.yaml", "--json")
            #expect(json.code == .code(1))
            let object = try json.object()
            #expect(object["compared"] as? Int == 5)
            #expect(object["newly_runs"] as? Int == 1)
            let rows = try #require(object["deliveries"] as? [[String: Any]])
            #expect(rows.map { $0["seq"] as? Int } == [3, 2, 1])
            #expect(
                rows.map { $0["change"] as? String }
                    == ["runs_otherwise", "newly_runs", "no_longer_runs"]
            )
            let few = try routes(
                site,
                "diff",
                "--since",
                "7d",
                "new.yaml",
                "--json",
                "--limit",
                "1"
            )
            #expect((try few.object()["deliveries"] as? [Any])?.count == 1)
            #expect(try few.object()["no_longer_runs"] as? Int == 1)
            // Nothing was run, and nothing written.
            #expect(try site.reader.number("SELECT count(*) FROM job") == before)
            #expect(try site.reader.number("SELECT count(*) FROM replay_request") == 0)
        }
    }

    @Test
    func `diff says which bodies are gone, and what is wrong with the other file`() async throws {
        try await Site.with(Self.settings) { site in
            try take(["issues-opened.http", "push-branch.http"], site)
            let shell = try site.run([
                "/usr/bin/sqlite3", site.store,
                """
                UPDATE delivery SET body = NULL, headers = NULL,
                    body_pruned_at = received_at WHERE seq = 1
                """,
            ])
            #expect(try shell.awaitExit() == .code(0), "\(shell.output)")
            let text = try routes(site, "diff", "--since", "7d", site.configuration)
            #expect(text.output.contains("compared        1 since "))
            #expect(text.output.contains("not compared    1, whose bodies were pruned\n"))
            let missing = try routes(site, "diff", "--since", "7d", "nowhere.yaml")
            #expect(missing.code == .code(2))
            #expect(missing.output.contains("there is no file nowhere.yaml"))
            #expect(!missing.output.contains("samovar init"))
            try site.write("store: queue.db\nroutes: [\n", to: "broken.yaml")
            let broken = try routes(site, "diff", "--since", "7d", "broken.yaml")
            #expect(broken.code == .code(78))
            #expect(broken.output.contains("broken.yaml:"))
            try site.write(Self.settings.yaml + "colour: red\n", to: "wrong.yaml")
            let wrong = try routes(site, "diff", "--since", "7d", "wrong.yaml")
            #expect(wrong.code == .code(78))
            #expect(wrong.output.contains("unknown key 'colour'"))
            #expect(try routes(site, "diff", "new.yaml").code == .code(64))
            let never = try routes(site, "diff", "--since", "soon", "new.yaml")
            #expect(never.code == .code(64))
        }
    }
}

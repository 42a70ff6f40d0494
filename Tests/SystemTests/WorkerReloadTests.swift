import Foundation
import Spawn
import TestSupport
import Testing

/// A worker that goes by a changed configuration without a restart: at SIGHUP, and by itself.
@Suite(.timeLimit(.minutes(10)))
struct WorkerReloadTests {
    private typealias Handler = SiteSettings.Handler

    /// Handlers that write their name into `ran`.
    private func settings(_ names: [String], worker: [String] = ["slots: 8"]) -> SiteSettings {
        SiteSettings(
            worker: worker,
            handlers: names.map { Handler(name: $0, command: ["./\($0)"]) }
        )
    }

    private func withSite(
        _ settings: SiteSettings,
        _ body: (Site, RunningIngress, RunningProgram) async throws -> Void
    ) async throws {
        try await Site.with(settings) { site in
            for name in ["old", "new"] {
                try site.script(name, "cat >/dev/null; echo \(name) >> ran")
            }
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try await body(site, ingress, worker)
        }
    }

    private func awaitLine(_ part: String, times: Int, _ program: RunningProgram) throws {
        try waitUntil("'\(part)' \(times) times") {
            program.output.components(separatedBy: part).count > times
        }
    }

    /// Puts a file in the configuration's place, as editors do.
    private func replace(_ site: Site, with text: String) throws {
        try site.write(text, to: "samovar.yaml.new")
        #expect(unsafe rename(site.path("samovar.yaml.new"), site.configuration) == 0)
    }

    /// What `samovar status` says; of a configuration with mistakes, too.
    private func status(_ site: Site, exit: Int32 = 0) throws -> String {
        let program = try site.start(Binaries.samovar, arguments: ["status"])
        #expect(try program.awaitExit() == .code(exit), "\(program.output)")
        return program.output
    }

    @Test
    func `a changed file counts by itself, for routes and handlers`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            try replace(site, with: settings(["new"]).yaml)
            try awaitLine("configuration reloaded", times: 1, worker)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["old", "new"])
            // Written in place, as other editors do.
            try site.write(settings(["old", "new"]))
            try awaitLine("configuration reloaded", times: 2, worker)
            _ = try ingress.accept(Request())
            try site.awaitQuiet()
            #expect(site.lines("ran").dropFirst(2).sorted() == ["new", "old"])
            #expect(worker.hasEnded == false)
        }
    }

    @Test
    func `a broken file keeps the old rules, and log and status say so until it is mended`()
        async throws
    {
        try await withSite(settings(["old"])) { site, ingress, worker in
            #expect(try !status(site).contains("not taken over"))
            try replace(
                site,
                with: settings(["new"]).yaml + "colour: red\nroutes:\n  - { name: x, run: h }\n"
            )
            try awaitLine("configuration not reloaded: the old one goes on", times: 1, worker)
            #expect(worker.output.contains("unknown key 'colour'"))
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["old"])
            try waitUntil("status to say so") {
                let status = try status(site, exit: 78)
                return status.contains("changed, but not taken over: the old one goes on")
                    && status.contains("unknown key 'colour'")
            }
            let row = try site.reader.text(
                "SELECT configuration_error FROM worker WHERE stopped_at IS NULL"
            )
            #expect(row?.contains("samovar.yaml:") == true)
            // It is not read again and again.
            #expect(worker.output.components(separatedBy: "configuration not reloaded").count == 2)

            try FileManager.default.removeItem(atPath: site.configuration)
            try awaitLine("configuration not reloaded: the old one goes on", times: 2, worker)
            try site.write(settings(["new"]))
            try awaitLine("configuration reloaded", times: 1, worker)
            try waitUntil("status to be silent") {
                try !status(site).contains("not taken over")
            }
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["old", "new"])
        }
    }

    @Test
    func `gates and trust count with the routes`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            var changed = settings(["old", "new"])
            changed.sections = ["trust: { owners: [7], bots: [5] }"]
            changed.handlers[1].route = ["when: { sender: 5 }"]
            try replace(site, with: changed.yaml)
            try awaitLine("configuration reloaded", times: 1, worker)
            // Its sender is 5, a bot now.
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["new"])
            changed.sections = ["trust: { owners: [7] }"]
            changed.handlers[1].route = ["when: { trust: [owner] }"]
            try replace(site, with: changed.yaml)
            try awaitLine("configuration reloaded", times: 2, worker)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["new", "old"])
            changed.sections = ["trust: { owners: [7, 5] }"]
            changed.handlers[0].events = "issues"
            try replace(site, with: changed.yaml)
            try awaitLine("configuration reloaded", times: 3, worker)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["new", "old", "new"])
        }
    }

    @Test
    func `SIGHUP reads the file at once, unchanged too`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            worker.signal(SIGHUP)
            try awaitLine("configuration reloaded", times: 1, worker)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["old"])
        }
    }

    @Test
    func `what runs goes on under the old rules, and its job stays its own`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            try site.script(
                "old",
                "cat >/dev/null; echo began >> ran; while [ ! -e go ]; do sleep 0.05; done; "
                    + "echo old >> ran"
            )
            let first = try ingress.accept(Request())
            try waitUntil("it to run") { site.lines("ran") == ["began"] }
            try replace(site, with: settings(["new"]).yaml)
            try awaitLine("configuration reloaded", times: 1, worker)
            let second = try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: second)
            try site.write("", to: "go")
            try site.awaitState("done", ofJobOf: first)
            #expect(site.lines("ran") == ["began", "new", "old"])
            #expect(
                try site.reader.texts("SELECT handler FROM job ORDER BY id") == ["old", "new"]
            )
        }
    }

    @Test
    func `jobs of a handler that left wait for it, and the log says so`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            try site.script("old", "cat >/dev/null; [ -e ready ] || exit 1; echo old >> ran")
            // Fails, and waits for its retry, while its handler leaves.
            let delivery = try ingress.accept(Request())
            try waitUntil("a first attempt") { try site.outcomes(of: delivery) == ["retry"] }
            try replace(site, with: settings(["new"]).yaml)
            try worker.awaitLine("jobs wait for a handler that is not configured")
            #expect(try status(site).contains("waits for handler old, which is not in the conf"))
            try site.write("", to: "ready")
            try replace(site, with: settings(["old", "new"]).yaml)
            try awaitLine("configuration reloaded", times: 2, worker)
            _ = try site.start(Binaries.samovar, arguments: ["jobs", "retry-now", "1"]).awaitExit()
            try site.awaitState("done", ofJobOf: delivery)
            #expect(site.lines("ran") == ["old"])
        }
    }

    @Test
    func `what needs a restart is said, and the rest counts`() async throws {
        try await withSite(settings(["old"])) { site, ingress, worker in
            try replace(
                site,
                with: settings(["new"], worker: ["slots: 3", "shutdown_grace: 7s"]).yaml
            )
            let line = try worker.awaitLine("these changes come with a restart")
            #expect(line.contains("worker.slots,worker.shutdown_grace"))
            try awaitLine("configuration reloaded", times: 1, worker)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            #expect(site.lines("ran") == ["new"])
        }
    }

    @Test
    func `nothing is lost and nothing runs twice while the file changes all the time`()
        async throws
    {
        try await withSite(settings(["old"])) { site, ingress, worker in
            let connection = try ingress.connect()
            try site.write("token", to: "token", mode: 0o600)
            for number in 0..<60 {
                var changed = settings([number % 2 == 0 ? "new" : "old"])
                // Connections of rules that no longer count are closed, or the worker would say so.
                changed.sections = [
                    "gitea: { url: \"http://127.0.0.1:1\", token_file: token }"
                ]
                try replace(site, with: changed.yaml)
                worker.signal(SIGHUP)
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            // Jobs of the one that is not there wait for it.
            try replace(site, with: settings(["old", "new"]).yaml)
            try waitUntil("every delivery to be routed") {
                try site.reader.number("SELECT count(*) FROM routing WHERE verdict IS NULL") == 0
            }
            worker.signal(SIGHUP)
            try site.awaitQuiet()
            let jobs = try #require(try site.reader.number("SELECT count(*) FROM job"))
            #expect(try site.reader.number("SELECT count(*) FROM job WHERE state = 'done'") == jobs)
            #expect(site.lines("ran").count == jobs)
            #expect(jobs >= 60)
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
        }
    }
}

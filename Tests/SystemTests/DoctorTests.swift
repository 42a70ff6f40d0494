import Foundation
import Gitea
import Spawn
import TestSupport
import Testing

/// `samovar doctor` on sites that work, and on sites that do not.
@Suite
struct DoctorTests {
    private static let secret = "0123456789abcdef"

    private let settings = SiteSettings(
        secrets: [("test", secret)],
        handlers: [SiteSettings.Handler(name: "note", command: ["note"])]
    )

    private func request(body: Data = Request.push()) -> Request {
        Request(body: body, key: SigningKey(id: "test", key: Array(Self.secret.utf8)))
    }

    private struct Check {
        var name: String
        var level: String
        var text: String
    }

    /// What it finds, but for the disk of the machine that runs the tests.
    private func doctor(
        _ site: Site,
        quick: Bool = false
    ) throws -> (exit: ChildProcess.Exit, checks: [Check]) {
        let program = try site.start(
            Binaries.samovar,
            arguments: ["doctor", "--json"] + (quick ? ["--quick"] : [])
        )
        let exit = try program.awaitExit()
        let object =
            try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
        let checks = try #require(object?["checks"] as? [[String: Any]], "\(program.output)")
        return (
            exit,
            try checks.map { check in
                Check(
                    name: try #require(check["check"] as? String),
                    level: try #require(check["level"] as? String),
                    text: try #require(check["text"] as? String)
                )
            }.filter { $0.name != "disk" }
        )
    }

    private func findings(_ site: Site) throws -> [Check] {
        try doctor(site).checks.filter { ["warning", "failure"].contains($0.level) }
    }

    @Test
    func `a site at work has no findings`() async throws {
        try await Site.with(settings) { site in
            try site.script("note", "exit 0")
            let ingress = try site.startIngress()
            try site.startWorker()
            for round in 0..<5 {
                for _ in 0..<10 { try ingress.accept(request()) }
                let (_, checks) = try doctor(site, quick: round % 2 == 0)
                let found = checks.filter { ["warning", "failure"].contains($0.level) }
                #expect(found.isEmpty, "\(found)")
            }
            try site.awaitQuiet()
            let text = try site.start(Binaries.samovar, arguments: ["doctor"])
            try text.awaitExit()
            #expect(text.output.contains("50 deliveries numbered = 50 there"))
            #expect(text.output.contains("50 jobs = 50 done"))
        }
    }

    @Test
    func `who keeps the log from being emptied is named`() async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let reader = try hold("BEGIN; SELECT count(*) FROM delivery;", in: site)
            #expect(try doctor(site).checks.contains { $0.name == "log" && $0.level == "note" })
            let body = Data("{\"n\":\"\(String(repeating: "x", count: 60_000))\"}".utf8)
            for _ in 0..<100 { try ingress.accept(request(body: body)) }
            let log = try #require(try findings(site).first { $0.name == "log" })
            #expect(log.text.contains("sqlite3 (pid "))
            #expect(log.text.contains("cannot be emptied"))
            reader.killNow()
            #expect(try !findings(site).contains { $0.name == "log" })
        }
    }

    @Test
    func `who holds the write lock is named`() async throws {
        try await Site.with(settings) { site in
            _ = try site.startIngress()
            let writer = try hold("BEGIN IMMEDIATE;", in: site)
            let found = try #require(try findings(site).first { $0.name == "write_lock" })
            #expect(found.text.contains("sqlite3 (pid "))
            writer.killNow()
        }
    }

    /// A sqlite3 shell that has run something and keeps its transaction open.
    private func hold(_ sql: String, in site: Site) throws -> RunningProgram {
        let script = "(echo '\(sql)'; echo .shell echo held; exec sleep 600) | sqlite3 queue.db"
        let shell = try RunningProgram(
            ["/bin/sh", "-c", script],
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": site.folder],
            folder: site.folder
        )
        try shell.awaitLine("held")
        return shell
    }

    @Test
    func `leases of a dead worker are findings until somebody gives them back`() async throws {
        try await Site.with(settings) { site in
            try site.script("note", "echo begun >> begun; exec sleep 600")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try ingress.accept(request())
            try waitUntil("the handler to begin") { !site.lines("begun").isEmpty }
            #expect(try findings(site).isEmpty)
            worker.killNow()
            let (exit, checks) = try doctor(site)
            #expect(exit == .code(1))
            #expect(checks.contains { $0.text == "held by dead workers: job 1" })
            #expect(checks.contains { $0.name == "workers" && $0.level == "warning" })
            try ingress.accept(request())
            #expect(try findings(site).contains { $0.name == "to_be_routed" })
        }
    }

    @Test
    func `a file that a worker refused is a finding until it is mended`() async throws {
        try await Site.with(settings) { site in
            try site.script("note", "exit 0")
            try site.startIngress().accept(request())
            let worker = try site.startWorker()
            // The file that the doctor is asked by has no mistake.
            try site.write(settings.yaml, to: "good.yaml")
            try site.write(settings.yaml + "colour: red\n", to: "samovar.yaml")
            worker.signal(SIGHUP)
            try worker.awaitLine("unknown key 'colour'")
            func doctor() throws -> String {
                let program = try site.run([
                    Binaries.samovar, "doctor", "--quick", "--config", site.path("good.yaml"),
                ])
                try program.awaitExit()
                return program.output
            }
            try waitUntil("the mistake to be found") {
                let lines = try doctor().split(separator: "\n")
                return lines.contains {
                    $0.contains("warning") && $0.contains("worker_configuration")
                        && $0.contains("unknown key 'colour'")
                }
            }
            try site.write(settings.yaml, to: "samovar.yaml")
            worker.signal(SIGHUP)
            try waitUntil("the mistake to be gone") { try !doctor().contains("'colour'") }
        }
    }

    @Test
    func `short secrets, open files and rows that are gone are findings`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            ingress.program.signal(SIGTERM)
            try ingress.program.awaitExit()
            unsafe chmod(site.store, 0o644)
            let found = try findings(site)
            #expect(found.contains { $0.text.contains("has 6 bytes") })
            #expect(found.contains { $0.name == "file_modes" })
            #expect(found.contains { $0.name == "to_be_routed" })

            let shell = try Shell(site.store)
            try shell.run("DROP TRIGGER delivery_that_goes_is_counted")
            try shell.run("DROP TRIGGER delivery_with_rows_is_kept")
            try shell.run("DELETE FROM delivery")
            try shell.close()
            let (exit, checks) = try doctor(site)
            #expect(exit == .code(1))
            let failures = checks.filter { $0.level == "failure" }.map(\.name)
            #expect(Set(failures).isSuperset(of: ["deliveries_are_all_there", "schema_drift"]))
            #expect(failures.contains("foreign_keys"))
            try FileManager.default.removeItem(atPath: site.store)
        }
    }

    @Test
    func `a store that is missing or somebody else's is 69, and stays so`() async throws {
        try await Site.with { site in
            let missing = try site.start(Binaries.samovar, arguments: ["doctor"])
            #expect(try missing.awaitExit() == .code(69))
            #expect(!FileManager.default.fileExists(atPath: site.store))
            try site.write("not a database\n", to: "queue.db")
            let other = try site.start(Binaries.samovar, arguments: ["doctor"])
            #expect(try other.awaitExit() == .code(69))
            #expect(try String(contentsOfFile: site.store, encoding: .utf8) == "not a database\n")
        }
    }
}

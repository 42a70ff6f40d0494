import Foundation
import Spawn
import TestSupport
import Testing

/// What an operator sees of a Gitea that does not say how far senders are trusted.
@Suite
struct GiteaTroubleTests {
    /// Gives a test a site whose one route asks Gitea, and an ingress.
    private func withSite(
        _ change: @Sendable (inout FakeGitea.World) -> Void,
        _ body: (Site, RunningIngress, FakeGitea) async throws -> Void
    ) async throws {
        let gitea = FakeGitea()
        gitea.change(change)
        gitea.listen()
        defer { gitea.stop() }
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            options: ["retry: { attempts: 3, base: 1h, cap: 1h }"],
            route: ["lane: repository", "when: { trust: contributor }"]
        )
        let settings = SiteSettings(
            sections: [
                "gitea: { url: \"\(gitea.url)\", token_file: gitea.token }",
                "trust: { owners: [29] }",
            ],
            handlers: [note]
        )
        try await Site.with(settings) { site in
            try site.write("t0ken-of-samovar\n", to: "gitea.token", mode: 0o600)
            try site.script("note", "cat >> envelopes")
            try await body(site, site.startIngress(), gitea)
        }
    }

    private func samovar(_ site: Site, _ words: String...) throws -> String {
        let program = try site.start(Binaries.samovar, arguments: words)
        try program.awaitExit()
        return program.output
    }

    private func questions(_ worker: RunningProgram, _ result: String) throws -> Double? {
        let line = try worker.awaitLine("metrics and health address=127.0.0.1:")
        let port = try #require(line.split(separator: "127.0.0.1:").last.flatMap { UInt16($0) })
        let connection = try HTTPConnection(port: port)
        try connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try ParsedExposition(connection.reply().text)
            .value("samovar_gitea_questions_total", ["result": result])
    }

    @Test
    func `a token that Gitea does not know shows until it is mended`() async throws {
        try await withSite({ world in
            world.token = "another"
            world.permissions = [5: "write"]
        }) { site, ingress, _ async throws in
            let worker = try site.startWorker()
            for _ in 1...2 { try ingress.accept(Request()) }
            try waitUntil("a question") { try site.outcomes(of: 1).contains("snooze") }
            let status = try samovar(site, "status")
            let row = status.split(separator: "\n").first { $0.hasPrefix("Gitea  ") }
            #expect(row?.contains("asked in vain since ") == true, "\(status)")
            #expect(row?.contains(", 1 job waits: ") == true)
            #expect(row?.contains("401") == true)
            #expect(status.contains("oldest waiting   job 1, made "))
            let doctor = try samovar(site, "doctor", "--quick")
            let check = doctor.split(separator: "\n").first { $0.contains("asked in vain for ") }
            #expect(check?.contains("warning") == true, "\(doctor)")
            let why = try samovar(site, "jobs", "why", "1")
            #expect(why.prefix { $0 != "\n" }.contains("401"), "\(why)")
            #expect(why.contains("once Gitea answers, `samovar jobs retry-now 1` asks it at once"))
            #expect(try questions(worker, "unauthorized") == 1)
            #expect(try questions(worker, "answered") == 0)

            try site.write("another\n", to: "gitea.token", mode: 0o600)
            _ = try samovar(site, "jobs", "retry-now", "1")
            try site.awaitQuiet()
            #expect(try questions(worker, "answered") == 1)
            #expect(try !samovar(site, "status").contains("asked in vain"))
        }
    }

    @Test
    func `a token that may not ask is a warning and an incident`() async throws {
        try await withSite({ $0.mayLookAtPermissions = false }) {
            site,
            ingress,
            _ async throws in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("cancelled", ofJobOf: 1)
            let line = try worker.awaitLine("Gitea's token may not ask for permissions")
            #expect(line.contains("repository.id=17"), "\(line)")
            let output = worker.output
            let start = output.range(of: "Gitea's token may not ask")?.lowerBound
            let lines = start.map { output[..<$0].split(separator: "\n") }
            let before = lines?.last ?? ""
            #expect(before.lowercased().contains("warn"), "\(before)")
            #expect(
                try site.reader.text("SELECT kind || ' ' || subject FROM incident")
                    == "gitea_forbidden repository 17"
            )
            #expect(try samovar(site, "status").contains("gitea_forbidden"))
            #expect(try samovar(site, "doctor", "--quick").contains("1 gitea_forbidden"))
            #expect(try questions(worker, "forbidden") == 1)
        }
    }
}

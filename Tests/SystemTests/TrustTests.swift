import Foundation
import Spawn
import TestSupport
import Testing

/// Trust is asked right before a job starts: the real worker, and a Gitea with its quirks.
@Suite
struct TrustTests {
    /// Gives a test a site whose one route takes some levels, a Gitea, and an ingress.
    ///
    /// Handler `note` writes its trust and keeps its envelope; anna (5) pushes to repository 17.
    private func withSite(
        _ levels: String,
        owners: [Int] = [29],
        cache: String = "5m",
        retry: String = "{ attempts: 100, base: 500ms, cap: 500ms }",
        timeout: String = "60s",
        isListening: Bool = true,
        _ change: @Sendable (inout FakeGitea.World) -> Void = { _ in },
        _ body: (Site, RunningIngress, FakeGitea) async throws -> Void
    ) async throws {
        let gitea = FakeGitea()
        gitea.change(change)
        if isListening { gitea.listen() }
        defer { gitea.stop() }
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            options: ["retry: \(retry)"],
            route: ["lane: repository", "when: { trust: \(levels) }"]
        )
        let free = SiteSettings.Handler(name: "free", command: ["free"], events: "create")
        let settings = SiteSettings(
            sections: [
                "gitea: { url: \"\(gitea.url)\", token_file: gitea.token, timeout: \(timeout) }",
                "trust: { owners: \(owners), bots: [41], cache: \(cache) }",
            ],
            handlers: [note, free]
        )
        try await Site.with(settings) { site in
            try site.write(gitea.world.token + "\n", to: "gitea.token", mode: 0o600)
            try site.script("note", "echo \"trust=$SAMOVAR_TRUST\" >> noted; cat >> envelopes")
            try site.script("free", "echo free=$SAMOVAR_TRUST >> freed")
            try await body(site, site.startIngress(), gitea)
        }
    }

    private func reason(_ site: Site) throws -> String? {
        try site.reader.text("SELECT reason FROM job WHERE route = 'note' ORDER BY id LIMIT 1")
    }

    private func error(_ site: Site) throws -> String? {
        try site.reader.text("SELECT error FROM attempt ORDER BY id LIMIT 1")
    }

    // MARK: Levels

    @Test
    func `an owner is not asked for, and the handler is told`() async throws {
        try await withSite("owner", owners: [5]) { site, ingress, gitea async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            #expect(site.lines("noted") == ["trust=owner"])
            #expect(gitea.calls == [])
            #expect(try site.reader.text("SELECT trust_needed FROM job") == "owner")
            let why = try site.start(Binaries.samovar, arguments: ["jobs", "why", "1"])
            try why.awaitExit()
            #expect(
                why.output.contains("owner, looked at right before the handler starts"),
                "\(why.output)"
            )
        }
    }

    @Test
    func `an owner's job waits in vain when owners and routes change before it starts`()
        async throws
    {
        try await withSite("owner", owners: [5]) { site, ingress, gitea async throws in
            // The job is made, and waits.
            let pause = try site.start(Binaries.samovar, arguments: ["pause", "--route", "note"])
            #expect(try pause.awaitExit() == .code(0))
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the job") { try site.reader.number("SELECT count(*) FROM job") == 1 }
            worker.signal(SIGTERM)
            try worker.awaitExit()
            let file = URL(filePath: site.configuration)
            let rules = try String(contentsOf: file, encoding: .utf8)
            let changed = rules.replacing("owners: [5]", with: "owners: [29]")
                .replacing(", when: { trust: owner }", with: "")
                .replacing("when: { trust: owner }", with: "")
            #expect(!changed.contains("trust: owner"))
            try Data(changed.utf8).write(to: file)
            let resume = try site.start(Binaries.samovar, arguments: ["resume", "--route", "note"])
            #expect(try resume.awaitExit() == .code(0))
            try site.startWorker()
            try site.awaitState("cancelled", ofJobOf: 1)
            #expect(try reason(site) == "trust: user 5 is not in trust.owners")
            #expect(site.lines("noted") == [])
            #expect(gitea.calls == [])
        }
    }

    @Test
    func `somebody else's event makes no job where only owners may`() async throws {
        try await withSite("owner") { site, ingress, gitea async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitQuiet()
            #expect(try site.reader.number("SELECT count(*) FROM job") == 0)
            let decision = try site.reader.text("SELECT decision FROM routing")
            #expect(decision?.contains("user 5 is not in trust.owners") == true)
            #expect(gitea.calls == [])
        }
    }

    @Test(arguments: ["write", "admin", "owner"])
    func `who may write is a contributor`(permission: String) async throws {
        try await withSite("[owner, contributor]", { $0.permissions = [5: permission] }) {
            site,
            ingress,
            gitea async throws in
            try ingress.accept(Request())
            try site.startWorker()
            try site.awaitState("done", ofJobOf: 1)
            #expect(site.lines("noted") == ["trust=contributor"])
            let envelope = try String(contentsOfFile: site.path("envelopes"), encoding: .utf8)
            #expect(envelope.contains(#""trust":"contributor","with":{}"#))
            #expect(
                try site.reader.text("SELECT trust_needed FROM job") == "owner,contributor"
            )
            #expect(gitea.calls.count == 2)
        }
    }

    @Test
    func `too little cancels the job, which history shows`() async throws {
        let body = Data(
            String(decoding: Request.push(), as: UTF8.self)
                .replacing(
                    #""full_name""#,
                    with: #""permissions":{"admin":true,"push":true},"full_name""#
                )
                .replacing(#""login":"anna""#, with: #""login":"anna","is_admin":true"#).utf8
        )
        try await withSite("[owner, contributor]", { $0.permissions = [5: "read"] }) {
            site,
            ingress,
            _ async throws in
            try site.startWorker()
            try ingress.accept(Request(body: body))
            try site.awaitState("cancelled", ofJobOf: 1)
            let expected =
                "trust: the sender is reader (user 5 in repository 17: permission read), "
                + "not owner or contributor"
            #expect(try reason(site) == expected)
            #expect(try error(site) == expected)
            #expect(try site.outcomes(of: 1) == ["cancelled"])
            #expect(site.lines("noted") == [])
            let why = try site.start(Binaries.samovar, arguments: ["jobs", "why", "1"])
            try why.awaitExit()
            #expect(why.output.hasPrefix("job 1 is cancelled"))
            #expect(why.output.contains(expected))
        }
    }

    // MARK: What Gitea will not say

    static let certain: [@Sendable (inout FakeGitea.World) -> Void] = [
        { $0.mayLookAtPermissions = false },  // 403
        { $0.hidden = [17] },  // 404
        { $0.repositories = [:] },  // 404
        { $0.users[5] = nil },  // 404, and no such id
    ]

    @Test(arguments: 0..<4)
    func `403 and 404 are readonly, at once`(place: Int) async throws {
        try await withSite("[owner, contributor]", Self.certain[place]) {
            site,
            ingress,
            _ async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("cancelled", ofJobOf: 1)
            #expect(try reason(site)?.hasPrefix("trust: the sender is readonly (user 5 in") == true)
            #expect(try site.outcomes(of: 1) == ["cancelled"])
            #expect(site.lines("noted") == [])
        }
    }

    @Test
    func `readonly runs where it is listed`() async throws {
        try await withSite("readonly") { site, ingress, _ async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            #expect(site.lines("noted") == ["trust=readonly"])
        }
    }

    // MARK: Trouble

    @Test
    func `a Gitea in trouble is asked again, and the lane is held`() async throws {
        try await withSite("contributor") { site, ingress, gitea async throws in
            gitea.change { world in
                world.permissions = [5: "write"]
                world.lastingTrouble = .status(503)
            }
            try site.startWorker()
            for _ in 1...2 { try ingress.accept(Request()) }
            try waitUntil("the first to fail twice") {
                try site.outcomes(of: 1).count { $0 == "snooze" } >= 2
            }
            #expect(
                try error(site)
                    == "the sender's trust could not be asked: Gitea is in trouble (503)"
            )
            #expect(try site.outcomes(of: 2) == [])
            gitea.change { $0.lastingTrouble = nil }
            try site.awaitQuiet()
            #expect(site.lines("noted") == ["trust=contributor", "trust=contributor"])
            #expect(try site.outcomes(of: 2) == ["done"])
        }
    }

    @Test
    func `a Gitea out of reach costs the job none of its tries`() async throws {
        let retry = "{ attempts: 1, base: 10ms, cap: 10ms }"
        try await withSite("contributor", retry: retry, isListening: false) {
            site,
            ingress,
            gitea async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the job to be asked for twice") {
                try site.outcomes(of: 1).count { $0 == "snooze" } >= 2
            }
            #expect(try error(site)?.contains("connection refused") == true)
            #expect(try site.reader.number("SELECT failures FROM job") == 0)
            #expect(site.lines("noted") == [])
            gitea.change { $0.permissions = [5: "write"] }
            gitea.listen()
            try site.awaitState("done", ofJobOf: 1)
        }
    }

    @Test
    func `a proxy's 404 is no reason to cancel`() async throws {
        try await withSite("contributor") { site, ingress, gitea async throws in
            gitea.change { world in
                world.permissions = [5: "write"]
                world.lastingTrouble = .status(404, body: "404 page not found\n")
            }
            try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("a question") { try site.outcomes(of: 1).contains("snooze") }
            gitea.change { $0.lastingTrouble = nil }
            try site.awaitState("done", ofJobOf: 1)
            #expect(site.lines("noted") == ["trust=contributor"])
        }
    }

    @Test
    func `a token that Gitea does not know is no reason to trust, nor to give up`() async throws {
        try await withSite("readonly") { site, ingress, gitea async throws in
            gitea.change { $0.token = "another" }
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("a question") { try site.outcomes(of: 1).contains("snooze") }
            #expect(try error(site)?.contains("401") == true)
            try site.write("another\n", to: "gitea.token", mode: 0o600)
            try site.awaitState("done", ofJobOf: 1)
            #expect(!worker.output.contains("t0ken-of-samovar"))
            #expect(!worker.output.contains("another\n"))
        }
    }

    // MARK: While it is asked

    @Test
    func `a Gitea that hangs holds up nobody else, and a cancelled job ends at once`()
        async throws
    {
        try await withSite("contributor", { $0.lastingTrouble = .silence }) {
            site,
            ingress,
            gitea async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the question to arrive") { !gitea.calls.isEmpty }
            let create = Data(
                """
                {"sha":"1","ref":"b","ref_type":"branch","sender":{"id":5,"login":"anna"},
                "repository":{"id":17,"full_name":"a/b","default_branch":"main"}}
                """.utf8
            )
            try ingress.accept(Request(event: "create", body: create))
            try waitUntil("the other job to be done") { site.lines("freed") == ["free="] }
            #expect(try site.outcomes(of: 1) == ["running"])
            try site.start(Binaries.samovar, arguments: ["jobs", "cancel", "1"]).awaitExit()
            try site.awaitState("cancelled", ofJobOf: 1)
            #expect(try reason(site) == "cancelled by an operator")
            #expect(site.lines("noted") == [])
        }
    }

    @Test
    func `a worker that is told to stop at once gives back what it asks for`() async throws {
        try await withSite("contributor", { $0.lastingTrouble = .silence }) {
            site,
            ingress,
            gitea async throws in
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the question to arrive") { !gitea.calls.isEmpty }
            worker.signal(SIGTERM)
            try worker.awaitLine("stopping")
            worker.signal(SIGTERM)
            try worker.awaitExit()
            #expect(try site.outcomes(of: 1) == ["released"])
            #expect(try site.reader.text("SELECT state FROM job") == "ready")
        }
    }

    @Test
    func `an answer counts for a short time, and only for its sender`() async throws {
        try await withSite("contributor", { $0.permissions = [5: "write"] }) {
            site,
            ingress,
            gitea async throws in
            try site.startWorker()
            for _ in 1...3 { try ingress.accept(Request()) }
            try site.awaitQuiet()
            #expect(gitea.calls.count == 2)
            let other = String(decoding: Request.push(), as: UTF8.self)
                .replacing(#"{"id":5,"login":"anna"}"#, with: #"{"id":6,"login":"ben"}"#)
            try ingress.accept(Request(body: Data(other.utf8)))
            try site.awaitState("cancelled", ofJobOf: 4)
            // Where the answer is less than `write`, as whom and in which teams is asked, too.
            #expect(gitea.calls.count == 6)
        }
    }

    @Test
    func `without a cache every job is asked for`() async throws {
        try await withSite("contributor", cache: "0s", { $0.permissions = [5: "write"] }) {
            site,
            ingress,
            gitea async throws in
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            gitea.change { $0.permissions = [:] }
            try ingress.accept(Request())
            try site.awaitState("cancelled", ofJobOf: 2)
            #expect(gitea.calls.count == 6)
        }
    }

    @Test
    func `a repository that was renamed is asked for by its id`() async throws {
        try await withSite("contributor") { site, ingress, gitea async throws in
            gitea.change { world in
                world.permissions = [5: "write"]
                world.repositories = [17: "coffee/pot"]
                world.formerNames = ["tea/kettle-17": 17]
            }
            try site.startWorker()
            try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: 1)
            #expect(gitea.calls.last?.contains("/coffee/pot/") == true)
        }
    }
}

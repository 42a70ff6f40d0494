import GRDB
import Foundation
import Gitea
import Spawn
import TestSupport
import Testing

/// What is kept of deliveries that are not: nobody sends them again.
@Suite
struct IncidentTests {
    private static let row = """
        SELECT kind || ' ' || source || ' ' || subject || ' ' || count || ' '
            || iif(resolved_at IS NULL, 'open', 'resolved')
        FROM incident
        ORDER BY kind
        """

    private func rows(_ site: Site) throws -> [String] { try site.reader.texts(Self.row) }

    private func detail(_ kind: String, in site: Site) throws -> String {
        try #require(
            try site.reader.text("SELECT detail FROM incident WHERE kind = ?", [kind])
        )
    }

    private func status(_ site: Site) throws -> String {
        let status = try site.start("status", under: [Binaries.samovar])
        #expect(try status.awaitExit() == .code(0))
        return status.output
    }

    // MARK: Refused with 503

    @Test
    func `a delivery that was answered 503 is an incident once the store works`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let request = Request()
            #expect(try ingress.send(request).status == 503)
            let line = try ingress.program.awaitLine("delivery not stored")
            #expect(line.contains("delivery.id=\(request.id ?? "")"))
            try stranger.unlock()
            let row = "delivery_lost default \(request.id ?? "") 1 open"
            try waitUntil("the incident") { try rows(site) == [row] }
            let detail = try detail("delivery_lost", in: site)
            for part in ["(push)", "from 127.0.0.1", "answered 503", "redeliver"] {
                #expect(detail.contains(part), "\(detail)")
            }
            try ingress.program.awaitLine("deliveries that were answered 503 are recorded")
            #expect(try status(site).contains(request.id ?? "none"))
        }
    }

    @Test
    func `what a process could not record before its end, the next one does`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let request = Request()
            #expect(try ingress.send(request).status == 503)
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            try stranger.unlock()
            #expect(try site.reader.number("SELECT count(*) FROM incident") == 0)
            _ = try site.startIngress()
            let row = "delivery_lost default \(request.id ?? "") 1 open"
            try waitUntil("the incident") { try rows(site).contains(row) }
            try waitUntil("the file to be gone") {
                !FileManager.default.fileExists(atPath: site.store + ".incidents")
            }
        }
    }

    // MARK: Hooks that are set up wrongly

    @Test
    func `a hook with a wrong secret is one incident, which the next good one resolves`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let key = SigningKey(id: "sender", key: Array("another secret".utf8))
            let last = Request(key: key)
            for request in [Request(key: key), Request(key: key), last] {
                #expect(try ingress.send(request).status == 401)
            }
            let open = "signature_refused default /hooks/gitea 3 open"
            try waitUntil("the incident") { try rows(site) == [open] }
            let detail = try detail("signature_refused", in: site)
            #expect(detail.contains(last.id ?? "none"), "\(detail)")
            #expect(detail.contains("the signature is wrong"), "\(detail)")
            try ingress.accept(Request())
            try waitUntil("the incident to be resolved") {
                try rows(site) == ["signature_refused default /hooks/gitea 3 resolved"]
            }
            #expect(try ingress.send(Request(key: key)).status == 401)
            try waitUntil("the incident to be open again") {
                try rows(site) == ["signature_refused default /hooks/gitea 4 open"]
            }
        }
    }

    @Test
    func `a GET hook is one incident, and no alarm`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for _ in 1...2 {
                #expect(try ingress.send(Request().with { $0.method = "GET" }).status == 405)
            }
            // What nobody may do to the table: a row for each path that somebody thinks of.
            for path in 1...20 {
                #expect(
                    try ingress.send(Request().with { $0.target = "/\(path)" }).status == 404
                )
            }
            let open = "method_refused default /hooks/gitea 2 open"
            try waitUntil("the incident") { try rows(site) == [open] }
            #expect(try detail("method_refused", in: site).hasPrefix("GET instead of POST"))
            try ingress.accept(Request())
            try waitUntil("the incident to be resolved") {
                try rows(site) == ["method_refused default /hooks/gitea 2 resolved"]
            }
        }
    }

    @Test
    func `a flood of bad signatures is counted, and costs next to no writes`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let key = SigningKey(id: "sender", key: Array("another secret".utf8))
            let start = ContinuousClock.now
            let before = try commits(ingress)
            for _ in 1...200 { _ = try ingress.send(Request(key: key)) }
            let made = try commits(ingress) - before
            #expect(made <= (ContinuousClock.now - start).components.seconds / 5 + 2)
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            #expect(try rows(site) == ["signature_refused default /hooks/gitea 200 open"])
        }
    }

    private func commits(_ ingress: RunningIngress) throws -> Int64 {
        let metrics = try ParsedExposition(ingress.health("/metrics").text)
        return Int64(try #require(metrics.value("samovar_commit_seconds_count")))
    }
}

import Foundation
import GRDB
import TestSupport
import Testing

/// Servers that answer http handlers with anything but an answer, beside one that behaves.
///
/// `SAMOVAR_HOSTILE_ROUNDS` sets how often all of them are asked together, in an order that the seed
/// decides.
@Suite
struct HostileServerTests {
    @Test
    func `hostile servers hold up no other handler, and no connection of theirs stays`()
        async throws
    {
        let rounds = Trials.count("SAMOVAR_HOSTILE_ROUNDS", usual: 1)
        try await TortureStep.run("hostile servers") { step in
            var random = SeededRandom(seed: step.seed)
            for _ in 1...rounds {
                try await meet(HostileServer.Trick.allCases.shuffled(using: &random), step)
            }
        }
    }

    private func yaml(
        _ settings: SiteSettings,
        _ tricks: [HostileServer.Trick],
        _ servers: [HostileServer],
        good port: UInt16
    ) -> String {
        var (handlers, routes) = (["handlers:"], ["routes:"])
        for (trick, server) in zip(tricks, servers) {
            handlers += [
                "  \(trick.rawValue):", "    http: { url: \"\(server.url(of: trick))\" }",
                "    timeout: 2s", "    retry: { attempts: 1 }",
            ]
            routes.append("  - { name: \(trick.rawValue), on: push, run: \(trick.rawValue) }")
        }
        handlers += ["  good:", "    http: { url: \"http://127.0.0.1:\(port)/\" }"]
        routes.append("  - { name: good, on: issues, run: good }")
        return settings.yaml + (handlers + routes).joined(separator: "\n") + "\n"
    }

    private func meet(_ tricks: [HostileServer.Trick], _ step: TortureStep) async throws {
        // One each: what one trick leaves in a connection that is kept must not meet another.
        let servers = tricks.map { _ in HostileServer() }
        for server in servers { server.run() }
        defer { for server in servers { server.stop() } }
        let honest = HTTPListener { _ in .status(200) }
        honest.listen()
        defer { honest.stop() }
        let settings = SiteSettings(worker: ["slots: 32"])
        try await Site.with(settings) { site in
            let text = yaml(settings, tricks, servers, good: honest.port)
            try site.write(text, to: "samovar.yaml")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let first = try ingress.accept(HostileHandlerTests.goodRequest())
            try site.awaitState("done", ofJobOf: first)
            let before = try worker.peakBytes
            try ingress.accept(Request())
            let others = try (1...3).map { _ in
                try ingress.accept(HostileHandlerTests.goodRequest())
            }
            step.noteAcknowledged(2 + others.count)
            for other in others { try site.awaitState("done", ofJobOf: other) }
            try site.awaitQuiet()
            for trick in tricks {
                step.noteTrial()
                try check(trick, site, step)
            }
            if worker.hasEnded { step.find("the worker ended: \(worker.output.suffix(1000))") }
            let growth = try worker.peakBytes - before
            if growth > HostileHandlerTests.growthMost {
                step.find("the worker grew by \(growth >> 20) MiB")
            }
            try waitUntil("connections to be closed") {
                servers.allSatisfy { $0.connections == 0 }
            }
        }
    }

    private func check(
        _ trick: HostileServer.Trick,
        _ site: Site,
        _ step: TortureStep
    ) throws {
        let job = try #require(
            try site.reader.rows(
                "SELECT state, reason FROM job WHERE handler = ?",
                [trick.rawValue]
            ).first
        )
        let state: String = job["state"]
        let reason: String? = job["reason"]
        if state != trick.state {
            step.find("\(trick.rawValue) is \(state): \(reason ?? "no reason")")
        }
    }
}

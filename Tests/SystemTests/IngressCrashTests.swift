import Foundation
import Gitea
import TestSupport
import Testing

/// SIGKILL of the ingress at random moments under load, and a checker that compares every
/// acknowledgement with the store.
///
/// `SAMOVAR_KILLS` sets the number of kills; `SAMOVAR_KILL_SEED` chooses the same moments again.
@Suite
struct IngressCrashTests {
    private static let secret = "0123456789abcdef"

    @Test
    func `killed at random under load, it keeps every promise`() async throws {
        let seed = Trials.seed("SAMOVAR_KILL_SEED")
        let kills = Trials.count("SAMOVAR_KILLS", usual: 100)
        print("killing the ingress \(kills) times, SAMOVAR_KILL_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        try await Site.with { site in
            let promises = Promises()
            for kill in 1...kills {
                do {
                    try await round(site, promises, &random)
                    try promises.check(storeAt: site.store)
                } catch {
                    throw BrokenPromise("kill \(kill), SAMOVAR_KILL_SEED=\(seed): \(error)")
                }
            }
            print("\(promises.count) acknowledged deliveries, \(kills) kills")
            #expect(promises.count > kills)
            #expect(promises.areNearlyAll)
            try promises.checkAll(storeAt: site.store)
            // Every one of them is still to be routed.
            #expect(
                try site.reader.number("SELECT count(*) FROM routing WHERE verdict IS NULL")
                    == site.deliveries
            )
            // What nobody was told of is there once after it was sent again.
            let ingress = try site.startIngress()
            while let request = promises.takeUnanswered() {
                try promises.send(request, to: ingress)
            }
            try promises.checkAll(storeAt: site.store)
        }
    }

    /// Starts it, loads it, kills it somewhere between its first system call and its hundredth
    /// commit.
    private func round(
        _ site: Site,
        _ promises: Promises,
        _ random: inout SeededRandom
    ) async throws {
        // Sometimes while it starts: opening the store, reading the log back.
        if Int.random(in: 0..<5, using: &random) == 0 {
            let program = try site.start(Binaries.ingress)
            Trials.passTime(upTo: .milliseconds(200), &random)
            program.killNow()
            return
        }
        let ingress = try site.startIngress()
        let enough = promises.count + Int.random(in: 1...100, using: &random)
        let clients = Int.random(in: 1...12, using: &random)
        async let load: Void = promises.load(ingress, clients: clients)
        defer { ingress.program.killNow() }
        try waitUntil("\(enough) acknowledgements") { promises.count >= enough }
        // Not at the end of a commit, where the answer comes, but anywhere.
        Trials.passTime(upTo: .milliseconds(5), &random)
        ingress.program.killNow()
        try await load
    }

    @Test
    func `after kills doctor finds nothing`() async throws {
        try await Site.with(SiteSettings(secrets: [("test", Self.secret)])) { site in
            for _ in 1...3 {
                let ingress = try site.startIngress()
                let request = Request(
                    key: SigningKey(id: "test", key: Array(Self.secret.utf8))
                )
                try ingress.accept(request)
                ingress.program.killNow()
            }
            try site.startWorker()
            try site.awaitQuiet()
            let doctor = try site.start(Binaries.samovar, arguments: ["doctor", "--json"])
            try doctor.awaitExit()
            let report =
                try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [String: Any]
            let checks = try #require(report?["checks"] as? [[String: Any]], "\(doctor.output)")
            let found = checks.filter { check in
                // The disk is this machine's, whatever its state.
                ["warning", "failure"].contains(check["level"] as? String ?? "")
                    && check["check"] as? String != "disk"
            }
            #expect(found.isEmpty, "\(found)")
        }
    }
}

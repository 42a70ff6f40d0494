import Foundation
import GRDB
import TestSupport
import Testing

/// SIGKILL of the worker at random moments while jobs run.
///
/// `SAMOVAR_KILL_SEED` runs a failure again, as far as a killed process can be repeated;
/// `SAMOVAR_WORKER_KILLS` sets the number of kills.
@Suite
struct WorkerKillTests {
    @Test
    func `killed at random, every job ends done, by the attempt that counts`() async throws {
        let seed = Trials.seed("SAMOVAR_KILL_SEED")
        let kills = Trials.count("SAMOVAR_WORKER_KILLS", usual: 10)
        print("killing the worker \(kills) times, SAMOVAR_KILL_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        let quick = SiteSettings.Handler(
            name: "quick",
            command: ["quick"],
            options: ["concurrency: 8", "retry: { base: 10ms }"]
        )
        try await Site.with(SiteSettings(handlers: [quick])) { site in
            // The effect comes last, so an attempt that is done has had it.
            try site.script("quick", "sleep 0.02\necho $SAMOVAR_TOKEN >> effects")
            let ingress = try site.startIngress()
            var total = 0
            for _ in 1...kills {
                let count = Int.random(in: 10...30, using: &random)
                for _ in 1...count { try ingress.accept(Request()) }
                total += count
                let done = site.lines("effects").count
                let worker = try site.startWorker()
                let moment = done + Int.random(in: 1...count / 2, using: &random)
                try waitUntil("some jobs to finish") { site.lines("effects").count >= moment }
                Trials.passTime(upTo: .milliseconds(30), &random)
                worker.killNow()
            }
            try site.startWorker()
            try site.awaitQuiet()
            // Whatever three workers died of is set aside for a person, who sends it on here.
            try requeueQuarantined(site)
            try site.awaitQuiet()

            let seedText = Comment(rawValue: "SAMOVAR_KILL_SEED=\(seed)")
            #expect(
                try site.reader.number("SELECT count(*) FROM job WHERE state = 'done'") == total,
                seedText
            )
            // One attempt of each job counts, the last one, and its effect is there.
            let counting = try site.reader.texts(
                "SELECT job || '.' || number FROM attempt WHERE outcome = 'done'"
            )
            let latest = try site.reader.texts("SELECT id || '.' || attempt FROM job")
            #expect(Set(counting) == Set(latest), seedText)
            #expect(counting.count == total, seedText)
            #expect(Set(site.lines("effects")).isSuperset(of: counting), seedText)
            // All others were lost with their workers, and are known.
            #expect(
                try site.reader.number(
                    "SELECT count(*) FROM attempt WHERE outcome IS NULL OR outcome NOT IN ('done', 'lost')"
                ) == 0,
                seedText
            )
            let known = try site.reader.texts("SELECT job || '.' || number FROM attempt")
            #expect(Set(known).isSuperset(of: site.lines("effects")), seedText)
        }
    }

    private func requeueQuarantined(_ site: Site) throws {
        let dead = try site.reader.rows("SELECT id, reason FROM job WHERE state = 'dead'")
        for job in dead {
            let reason: String = job["reason"]
            try #require(reason.hasPrefix("quarantined"), "\(reason)")
            let shell = try Shell(site.store)
            try shell.run("INSERT INTO requeue (job) VALUES (\(job["id"] as Int))")
            try shell.close()
        }
    }
}

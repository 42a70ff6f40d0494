import Foundation
import TestSupport
import Testing

/// Random histories of crashes, stops, stalls and operators, and a checker over what came of them.
///
/// `SAMOVAR_HISTORIES` sets how many, `SAMOVAR_HISTORY_OPERATIONS` how long each is. A finding names the
/// seed of its history, which `SAMOVAR_SEED` and `SAMOVAR_HISTORIES=1` run alone.
@Suite
struct CrashHistoryTests {
    @Test
    func `whatever happens to its programs, every acknowledged delivery is done once at a time`()
        async throws
    {
        let histories = Trials.count("SAMOVAR_HISTORIES", usual: 1)
        let length = Trials.count("SAMOVAR_HISTORY_OPERATIONS", usual: 10)
        try await TortureStep.run("crash histories") { step in
            for number in 1...histories {
                let seed = step.seed &+ UInt64(number - 1)
                let operations = CrashOperation.history(seed: seed, count: length)
                print("seed \(seed): \(operations.map { "\($0)" }.joined(separator: ", "))")
                do {
                    try await run(operations, seed: seed, step)
                } catch {
                    step.find("seed \(seed): \(error)")
                }
                step.noteTrial()
            }
        }
    }

    private func run(_ operations: [CrashOperation], seed: UInt64, _ step: TortureStep) async throws
    {
        let settings = CrashHistory.settings(hasSpool: seed % 2 == 0)
        let workers = 2 + Int(seed / 2 % UInt64(CrashHistory.workersMost - 1))
        try await Site.with(settings) { site in
            let history = try CrashHistory(site, settings, workers: workers)
            defer { step.noteAcknowledged(history.promises.count) }
            for operation in operations { try await history.perform(operation) }
            do {
                try history.settle()
            } catch {
                step.noteLost(try history.promises.missing(fromStoreAt: site.store), "seed \(seed)")
                throw error
            }
            try history.promises.checkAll(storeAt: site.store)
            for finding in try history.findings + HistoryChecker(site: site).findings() {
                step.find("seed \(seed): \(finding)")
            }
        }
    }

    @Test
    func `a seed gives the same operations again, and another seed others`() {
        let history = CrashOperation.history(seed: 7, count: 50)
        #expect(history == CrashOperation.history(seed: 7, count: 50))
        #expect(history != CrashOperation.history(seed: 8, count: 50))
    }
}

import Foundation
import Fuzzing
import TestSupport

/// Feeds many inputs to all that takes strangers' bytes, on all processors; part of `make soak`.
///
/// `SAMOVAR_FUZZ_INPUTS` is how many, `SAMOVAR_FUZZ_SEED` makes the same ones again.
@main
enum FuzzRun {
    static func main() async {
        let seed = Trials.seed("SAMOVAR_FUZZ_SEED")
        let inputs = Trials.count("SAMOVAR_FUZZ_INPUTS", usual: 10_000_000)
        print("fuzzing with \(inputs) inputs, SAMOVAR_FUZZ_SEED=\(seed)")
        var (all, failed) = (0, 0)
        for subject in FuzzSubject.all {
            let count = subject.inputs(of: inputs)
            let start = ContinuousClock.now
            do {
                try await run(subject, seed: seed, inputs: count)
            } catch {
                print("FAILED: \(error)")
                failed += 1
            }
            let seconds = max(1, (ContinuousClock.now - start).components.seconds)
            print("\(subject): \(count) inputs in \(seconds) s, \(count / Int(seconds)) a second")
            all += count
        }
        print("\(all) inputs, SAMOVAR_FUZZ_SEED=\(seed): \(failed) of the subjects failed")
        if failed > 0 { exit(1) }
    }

    private static func run(_ subject: FuzzSubject, seed: UInt64, inputs: Int) async throws {
        let parts = ProcessInfo.processInfo.activeProcessorCount
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<parts {
                let range = inputs * part / parts..<inputs * (part + 1) / parts
                group.addTask { @concurrent in try subject.run(seed: seed, inputs: range) }
            }
            try await group.waitForAll()
        }
    }
}

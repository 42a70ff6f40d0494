import Fuzzing
import TestSupport
import Testing

/// A few seconds of what `make soak` does with millions of inputs.
///
/// A failure names its seed: `SAMOVAR_FUZZ_SEED=17 swift test --filter FuzzTests` makes the same
/// inputs again. `SAMOVAR_FUZZ_INPUTS` sets how many, over all subjects.
@Suite
struct FuzzTests {
    private static let seed = Trials.seed("SAMOVAR_FUZZ_SEED")
    private static let inputs = Trials.count("SAMOVAR_FUZZ_INPUTS", usual: 20_000)

    @Test(arguments: FuzzSubject.all)
    func `whatever a stranger sends is taken as it must be`(_ subject: FuzzSubject) throws {
        let count = subject.inputs(of: Self.inputs)
        print("\(subject): \(count) inputs, SAMOVAR_FUZZ_SEED=\(Self.seed)")
        try subject.run(seed: Self.seed, inputs: 0..<count)
    }
}

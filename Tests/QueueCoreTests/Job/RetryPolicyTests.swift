import QueueCore
import Testing

@Suite
struct RetryPolicyTests {
    private static let policy = RetryPolicy(
        attempts: 20,
        base: .seconds(10),
        cap: .seconds(3600)
    )

    /// A failure, and the shortest and longest delay after it.
    static let delays: [(Int, Duration, Duration)] = [
        (1, .seconds(5), .seconds(10)), (2, .seconds(10), .seconds(20)),
        (3, .seconds(20), .seconds(40)), (4, .seconds(40), .seconds(80)),
        (8, .seconds(640), .seconds(1280)), (9, .seconds(1280), .seconds(2560)),
        (10, .seconds(1800), .seconds(3600)), (19, .seconds(1800), .seconds(3600)),
    ]

    @Test(arguments: delays)
    func `the delay doubles up to its cap and is drawn from its upper half`(
        failures: Int,
        shortest: Duration,
        longest: Duration
    ) throws {
        let policy = Self.policy
        #expect(delay(policy, failures, random: 0) == shortest)
        let most = try #require(delay(policy, failures, random: 1.0.nextDown))
        #expect(most <= longest)
        #expect(most > longest - .milliseconds(1))
        let middle = try #require(delay(policy, failures, random: 0.5))
        #expect(middle == (shortest + longest) / 2)
    }

    @Test(arguments: [1, 2, 41, 42, 64, 100, 10_000])
    func `no number of failures takes the delay over its cap`(failures: Int) {
        let policy = RetryPolicy(
            attempts: .max,
            base: .milliseconds(1),
            cap: .seconds(7 * 86_400)
        )
        for random in [0, 0.5, 1.0.nextDown] {
            guard let delay = delay(policy, failures, random: random) else {
                Issue.record("the budget is endless")
                continue
            }
            #expect(delay >= .zero)
            #expect(delay <= policy.cap)
        }
    }

    @Test(arguments: [(1, 1), (1, 2), (8, 8), (8, 9), (100, 100)])
    func `a job whose budget is spent is dead and says why`(attempts: Int, failures: Int) {
        let policy = RetryPolicy(attempts: attempts, base: .seconds(1), cap: .seconds(1))
        let outcome = policy.outcome(failures: failures, reason: "exit code 1", random: 0)
        #expect(outcome == .dead(reason: "retries exhausted: exit code 1"))
    }

    @Test
    func `the last attempt of the budget is still granted`() {
        let policy = RetryPolicy(attempts: 8, base: .seconds(1), cap: .seconds(1))
        #expect(delay(policy, 7, random: 0) == .milliseconds(500))
    }

    static let longer: [(Duration, Duration)] = [
        (.zero, .seconds(5)), (.seconds(4), .seconds(5)), (.seconds(5), .seconds(5)),
        (.seconds(6), .seconds(6)), (.seconds(86_400), .seconds(86_400)),
    ]

    @Test(arguments: longer)
    func `a Retry-After wins when it is longer, also over the cap`(
        atLeast: Duration,
        expected: Duration
    ) {
        let outcome = Self.policy.outcome(
            failures: 1,
            atLeast: atLeast,
            reason: "r",
            random: 0
        )
        #expect(outcome == .retry(after: expected))
    }

    @Test
    func `a policy without attempts is a mistake in the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = RetryPolicy(attempts: 0, base: .zero, cap: .zero)
        }
        await #expect(processExitsWith: .failure) {
            let policy = RetryPolicy(attempts: 1, base: .zero, cap: .zero)
            _ = policy.outcome(failures: 0, reason: "r", random: 0)
        }
    }

    private func delay(_ policy: RetryPolicy, _ failures: Int, random: Double) -> Duration? {
        let outcome = policy.outcome(failures: failures, reason: "r", random: random)
        guard case .retry(let delay, _) = outcome else { return nil }
        return delay
    }
}

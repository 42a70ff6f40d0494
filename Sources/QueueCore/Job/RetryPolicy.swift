/// When a failed job runs again, and when it no longer does.
package struct RetryPolicy: Equatable, Sendable {
    /// Failures after which the job is dead.
    package var attempts: Int
    package var base: Duration
    package var cap: Duration

    package init(attempts: Int, base: Duration, cap: Duration) {
        precondition(attempts >= 1, "a job has at least one attempt")
        self.attempts = attempts
        self.base = base
        self.cap = cap
    }

    /// The outcome of a job's `failures`th failure.
    ///
    /// The delay is cap(base · 2^(failures-1)), drawn from its upper half: the lower bound keeps a
    /// handler from being hammered, the draw keeps jobs that failed together from coming back
    /// together. A longer `atLeast` (a server's Retry-After) wins.
    ///
    /// The last allowed failure is `dead`. `random` is from 0 up to 1.
    package func outcome(
        failures: Int,
        atLeast: Duration = .zero,
        reason: String,
        random: Double
    ) -> Outcome {
        precondition(failures >= 1, "the first failure is number 1")
        if failures >= attempts {
            return .dead(reason: "retries exhausted: \(reason)")
        }
        return .retry(after: max(delay(failures: failures, random: random), atLeast))
    }

    /// How long to wait after the `failures`th failure.
    package func delay(failures: Int, random: Double) -> Duration {
        // 2^40 seconds are longer than any cap; the exponent is bound so that it cannot overflow.
        let doublings = min(failures - 1, 40)
        let longest = min(base.seconds * Double(1 << doublings), cap.seconds)
        return .seconds(longest / 2 + longest / 2 * random)
    }
}

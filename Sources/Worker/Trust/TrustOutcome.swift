import QueueCore
import Routing
import Settings

/// What is known of a sender right before a job starts.
enum TrustFinding: Equatable, Sendable {
    case level(TrustLevel, because: String)
    /// Not enough, whatever the level is.
    case refused(because: String)
    /// Nobody could say; asking again may help, not before this time.
    case unknown(reason: String, notBefore: Duration)
}

/// What a sender's trust means for a job that is about to start.
///
/// Pure; docs/CONTRACT.md has the table.
enum TrustOutcome: Equatable {
    /// Its handler may start, and is told the level.
    case start(TrustLevel)
    /// The attempt ends here.
    case end(Outcome, error: String)

    /// - Parameters:
    ///   - finding: what is known of the sender.
    ///   - levels: those that the job's route takes.
    ///   - stopped: why the attempt was told to stop while it asked; nil when it was not.
    ///   - policy: the handler's; of it, how long it waits.
    ///   - attempt: the number of this attempt.
    ///   - random: from 0 up to 1.
    init(
        _ finding: TrustFinding,
        levels: [TrustLevel],
        stopped: StopReason?,
        policy: RetryPolicy,
        attempt: Int64,
        random: Double
    ) {
        switch (stopped, finding) {
        case (.cancelled?, _):
            let reason = "cancelled by an operator"
            self = .end(.cancelled(reason: reason), error: reason)
        case (.leaseLost?, _): self = .end(.released, error: "the lease was lost")
        case (.shutdown?, _), (.timedOut?, _), (.wentQuiet?, _):
            self = .end(.released, error: "the worker stopped")
        case (nil, .level(let level, _)) where levels.contains(level): self = .start(level)
        case (nil, .level(let level, let because)):
            let wanted = levels.isEmpty ? "a level that is not known" : levels.words
            let reason = "trust: the sender is \(level.rawValue) (\(because)), not \(wanted)"
            self = .end(.cancelled(reason: reason), error: reason)
        case (nil, .refused(let because)):
            let reason = "trust: \(because)"
            self = .end(.cancelled(reason: reason), error: reason)
        case (nil, .unknown(let why, let notBefore)):
            let delay = policy.delayOfQuestion(attempt: attempt, random: random)
            self = .end(
                // No failure of the job's: Gitea's trouble must not use up its tries.
                .snooze(for: max(delay, min(notBefore, QueueCore.Limits.snoozeLongest))),
                error: GiteaTrouble.errorStart + why
            )
        }
    }
}

extension RetryPolicy {
    /// The shortest base of the delays: a job asks at most twice a second, whatever its handler has.
    private static let questionBase = Duration.seconds(1)

    /// The longest delay: 7 days of it are some 2,000 attempts, and a Gitea that is back is noticed
    /// within minutes.
    private static let questionCap = Duration.seconds(300)

    /// How long to wait before Gitea is asked again: as after a failure of the handler, within
    /// bounds.
    ///
    /// - Parameters:
    ///   - attempt: the number of the one that could not ask.
    ///   - random: from 0 up to 1.
    /// - Returns: the delay.
    fileprivate func delayOfQuestion(attempt: Int64, random: Double) -> Duration {
        let bounded = RetryPolicy(
            attempts: .max,
            base: max(base, Self.questionBase),
            cap: max(min(cap, Self.questionCap), Self.questionBase)
        )
        return bounded.delay(failures: Int(clamping: max(attempt, 1)), random: random)
    }
}

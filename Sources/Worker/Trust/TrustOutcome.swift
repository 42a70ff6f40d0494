import QueueCore
import Routing
import Settings

/// What is known of a sender right before a job starts.
enum TrustFinding: Equatable, Sendable {
    case level(TrustLevel, because: String)
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
    ///   - policy: the handler's.
    ///   - failures: those before this attempt.
    ///   - random: from 0 up to 1.
    init(
        _ finding: TrustFinding,
        levels: [TrustLevel],
        stopped: StopReason?,
        policy: RetryPolicy,
        failures: Int,
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
        case (nil, .unknown(let why, let notBefore)):
            let reason = "the sender's trust could not be asked: \(why)"
            let outcome = policy.outcome(
                failures: failures + 1,
                atLeast: min(notBefore, Limits.snoozeLongest),
                reason: reason,
                random: random
            )
            self = .end(outcome, error: reason)
        }
    }
}

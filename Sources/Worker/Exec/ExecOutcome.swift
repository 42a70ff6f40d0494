import QueueCore
import Spawn

/// What the end of a handler's process means for its job.
///
/// Pure; docs/CONTRACT.md has the table.
enum ExecOutcome {
    /// The outcome, and one line for people when it is not `done`.
    ///
    /// `stopped` is why Samovar stopped the handler, nil when it ended by itself; `result` is what
    /// it wrote to SAMOVAR_RESULT; `failures` are those before this attempt.
    static func of(
        exit: ChildProcess.Exit,
        stopped: StopReason?,
        timeout: Duration,
        result: HandlerResult?,
        failures: Int,
        policy: RetryPolicy,
        random: Double
    ) -> (outcome: Outcome, error: String?) {
        func retry(_ error: String, atLeast: Duration = .zero) -> (Outcome, String?) {
            let outcome = policy.outcome(
                failures: failures.adding(saturating: 1),
                atLeast: atLeast,
                reason: error,
                random: random
            )
            return (outcome, error)
        }

        switch stopped {
        case .timedOut: return retry("timed out after \(Int(timeout.seconds)) s")
        case .wentQuiet: return retry("printed nothing for too long")
        case .cancelled:
            return (.cancelled(reason: "cancelled by an operator"), "cancelled by an operator")
        case .shutdown: return (.released, "the worker stopped")
        case .leaseLost: return (.released, "the lease was lost")
        case nil: break
        }

        switch result {
        case .done: return (.done, nil)
        case .invalid(let why): return retry("SAMOVAR_RESULT was not understood: \(why)")
        case .dead(let message):
            let reason = message ?? "the handler said so"
            return (.dead(reason: reason), reason)
        case .snooze(let time, let message): return (.snooze(for: time), message ?? "snoozed")
        case .retry(let after, let message):
            return retry(message ?? "the handler asked for a retry", atLeast: after ?? .zero)
        case nil: break
        }

        switch exit {
        case .code(0): return (.done, nil)
        // sysexits(3): what will be as wrong the next time.
        case .code(let code) where [64, 65, 77, 78].contains(code):
            let reason = "exit code \(code)"
            return (.dead(reason: reason), reason)
        case .code(let code): return retry("exit code \(code)")
        case .signal(let signal): return retry("ended by signal \(signal)")
        }
    }
}

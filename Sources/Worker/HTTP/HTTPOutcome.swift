import QueueCore

/// What came of a request.
enum HTTPAnswer: Equatable, Sendable {
    /// The head of a response arrived; the body may have broken off.
    case status(Int, retryAfter: String?)
    /// There was no connection on which anything of the request could be sent.
    case unreached(error: String)
    /// The service had the request, or some of it, and the connection broke before a response.
    case noResponse(error: String)
    /// This machine could not even ask: it is out of descriptors, ports or memory.
    case notAsked(error: String)
    /// The template and the payload do not make a body that can be sent.
    case noBody(reason: String)
}

/// What the answer to a request means for its job.
///
/// Pure; docs/CONTRACT.md has the table.
struct HTTPOutcome {
    var policy: RetryPolicy
    var timeout: Duration
    /// Failures before this attempt.
    var failures: Int
    /// Since when the job waits for the service; nil when it could be reached last time.
    var waitsSince: Timestamp?
    /// Whether the attempt was started to find out if the service can be reached again.
    var isProbe = false
    /// For a Retry-After that is a date, and for how long it has waited.
    var now: Timestamp
    /// From 0 up to 1.
    var random: Double

    /// The outcome, and one line for people when it is not `done`.
    ///
    /// `stopped` is why Samovar stopped the attempt, nil when it ended by itself. A status that
    /// arrived before counts more: an order that comes too late must not make a done job run again.
    func of(_ answer: HTTPAnswer, stopped: StopReason?) -> (outcome: Outcome, error: String?) {
        switch (answer, stopped) {
        case (.status(200..<300, _), _): return (.done, nil)
        case (_, .cancelled):
            return (.cancelled(reason: "cancelled by an operator"), "cancelled by an operator")
        case (.status(let status, let retryAfter), _): return of(status, retryAfter)
        case (.noBody(let reason), _): return (.dead(reason: reason), reason)
        case (_, .shutdown): return (.released, "the worker stopped")
        case (_, .leaseLost): return (.released, "the lease was lost")
        case (.unreached(let error), let stop): return outage(stop == nil ? error : timedOut)
        case (.noResponse(let error), let stop):
            let words = stop == nil ? error : timedOut
            return isProbe ? outage(words) : retry(words)
        // What is wrong with this machine is no failure of the job.
        case (.notAsked(let error), nil): return (.snooze(for: policy.base), error)
        case (.notAsked, _): return retry(timedOut)
        }
    }

    private var timedOut: String { "timed out after \(timeout.inWords)" }

    /// Nobody is there to do the job, which is no failure of its own: it waits, up to a limit.
    ///
    /// How often it asks is the breaker's business once there are five such attempts.
    private func outage(_ error: String) -> (Outcome, String?) {
        guard now - (waitsSince ?? now) <= Limits.outageLongest else {
            let failure = retry(error)
            guard case .retry(let delay, _) = failure.0 else { return failure }
            return (.retry(after: delay, keepsWaiting: true), error)
        }
        let pace = RetryPolicy(
            attempts: .max,
            base: min(policy.base, Breaker.pauseLongest),
            cap: Breaker.pauseLongest
        )
        return (.snooze(for: pace.delay(failures: 1, random: random)), error)
    }

    /// For any status but 2xx.
    private func of(_ status: Int, _ retryAfter: String?) -> (Outcome, String?) {
        switch status {
        case 408, 425, 429, 500..<600:
            let wish = retryAfter.flatMap { RetryAfter.delay($0, now: now) } ?? .zero
            return retry("HTTP \(status)", atLeast: min(wish, Self.retryAfterLongest))
        case 300..<400:
            let reason = "HTTP \(status): redirects are not followed"
            return (.dead(reason: reason), reason)
        default:
            return (.dead(reason: "HTTP \(status)"), "HTTP \(status)")
        }
    }

    /// As long as a job may snooze: a service that asks for more has made a mistake.
    private static let retryAfterLongest = Limits.snoozeLongest

    private func retry(_ error: String, atLeast: Duration = .zero) -> (Outcome, String?) {
        let outcome = policy.outcome(
            failures: failures.adding(saturating: 1),
            atLeast: atLeast,
            reason: error,
            random: random
        )
        return (outcome, error)
    }
}

extension Duration {
    /// Seconds, or milliseconds for less than one.
    fileprivate var inWords: String {
        seconds < 1 ? "\(microseconds / 1000) ms" : "\(Int(seconds)) s"
    }
}

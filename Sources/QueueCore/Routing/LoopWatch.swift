/// What the loop breaker needs to know of an event that a bot caused and that makes jobs.
///
/// The store counts such events of one issue when it writes the decision, under its write lock: so
/// any number of routers agree on what came before.
package struct LoopWatch: Equatable, Sendable {
    /// The issue, as a lane's key: `default/repo:17/issue:42`.
    package var issue: String
    /// Events that bots may cause on it within `window`.
    package var events: Int
    package var window: Duration
    /// Says to people what was too much: `bots caused more than 10 events within 1h on o/r#42`.
    package var reason: String

    package init(issue: String, events: Int, window: Duration, reason: String) {
        self.issue = issue
        self.events = events
        self.window = window
        self.reason = reason
    }

    /// Whether one more event is too much after so many within the window, or because the breaker
    /// has parked the issue already.
    package func isTooMuch(after earlier: Int, isParked: Bool) -> Bool {
        isParked || earlier >= events
    }
}

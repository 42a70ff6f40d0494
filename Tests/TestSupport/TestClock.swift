package import QueueCore
import Synchronization

/// Time that stands still until a test moves it, and chance that a test chooses.
package final class TestClock: Sendable {
    private struct State {
        var now = Timestamp(rawValue: 1_790_000_000_000_000)
        var monotonic = MonotonicTime(rawValue: 1_000_000_000)
        var suspended = Duration.zero
        var random = 0.5
    }

    private let state = Mutex(State())
    private let bootID: String

    package init(bootID: String = "boot-1") {
        self.bootID = bootID
    }

    /// The clock of another boot, which goes on from where people's clocks are.
    package init(bootID: String, now: Timestamp) {
        self.bootID = bootID
        state.withLock { $0.now = now }
    }

    package var now: Timestamp { state.withLock(\.now) }
    package var monotonic: MonotonicTime { state.withLock(\.monotonic) }

    /// When a lease ends that is claimed or renewed now.
    package var leaseEnd: MonotonicTime { monotonic + Limits.lease }

    /// Time passes: both clocks move.
    package func advance(by duration: Duration) {
        state.withLock { state in
            state.now = state.now + duration
            state.monotonic = state.monotonic + duration
        }
    }

    /// The machine sleeps: the wall clock goes on, and the monotonic one does not.
    package func suspend(for duration: Duration) {
        state.withLock { state in
            state.now = state.now + duration
            state.suspended += duration
        }
    }

    /// Somebody sets the wall clock; the monotonic one does not notice.
    package func step(by duration: Duration) {
        state.withLock { $0.now = $0.now + duration }
    }

    package func setRandom(_ value: Double) {
        state.withLock { $0.random = value }
    }

    package var clocks: Clocks {
        Clocks(
            now: { self.state.withLock(\.now) },
            monotonic: { self.state.withLock(\.monotonic) },
            sinceBoot: { self.state.withLock { $0.monotonic + $0.suspended } },
            bootID: bootID,
            random: { self.state.withLock(\.random) }
        )
    }
}

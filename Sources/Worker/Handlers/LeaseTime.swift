import QueueCore
import Synchronization

/// Until when an attempt's lease lasts, as far as its worker knows: looked at right before its
/// handler starts, since a worker that was stopped meanwhile may have lost it to another one.
final class LeaseTime: Sendable {
    private let clocks: Clocks
    private let end: Mutex<MonotonicTime>

    init(until end: MonotonicTime, clocks: Clocks) {
        self.clocks = clocks
        self.end = Mutex(end)
    }

    /// Takes over what the store was told.
    func renew(until time: MonotonicTime) {
        end.withLock { $0 = max($0, time) }
    }

    var isOver: Bool { left <= .zero }

    /// The same in microseconds of this machine's CLOCK_MONOTONIC.
    ///
    /// Its clock is read first: what passes between the two looks makes it earlier, never later.
    var latestStart: Int64 {
        let now = Clocks.system.monotonic()
        return (now + left).rawValue
    }

    private var left: Duration {
        .microseconds(end.withLock(\.rawValue) - clocks.monotonic().rawValue)
    }
}

import Dispatch
import NIOCore
import Synchronization

/// The thread that the spool's disk blocks: never the store's, whose trouble the spool is for, and
/// never the event loop.
///
/// Nobody waits for it: what comes of its work is handed over.
final class SpoolThread: Sendable {
    private struct Load {
        /// Works that have not ended.
        var works = 0
        /// Since when nothing came of them.
        var since: NIODeadline?
    }

    private let queue = DispatchQueue(label: "samovar.spool", qos: .userInitiated)
    private let load = Mutex(Load())

    /// Runs something after what waits already.
    func enqueue(_ work: @escaping @Sendable () -> Void) {
        load.withLock { load in
            load.works += 1
            load.since = load.since ?? .now()
        }
        queue.async { [self] in
            work()
            load.withLock { load in
                load.works -= 1
                load.since = load.works == 0 ? nil : .now()
            }
        }
    }

    /// Says, from the thread itself, that its disk answered.
    func noteProgress() {
        load.withLock { $0.since = .now() }
    }

    /// Whether the spool's own disk hangs: then the store is waited for, as without a spool.
    func isStuck(_ now: NIODeadline) -> Bool {
        load.withLock(\.since).map { $0 + IngressLimits.storeBudget <= now } ?? false
    }
}

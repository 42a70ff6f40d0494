import QueueCore
import Synchronization

/// Which workers live, by their locks, as one worker sees them look by look.
///
/// A free lock is a dead worker. A missing one is dead only when it stays missing: somebody may have
/// deleted the file of a worker that lives, which makes it anew as soon as it notices.
final class LivenessWatch: Sendable {
    private let missingSince = Mutex<[WorkerID: MonotonicTime]>([:])
    private let own: WorkerID
    private let stateFolder: String
    private let clocks: Clocks

    init(own: WorkerID, stateFolder: String, clocks: Clocks) {
        self.own = own
        self.stateFolder = stateFolder
        self.clocks = clocks
    }

    /// Whether a worker lives; this one does.
    func lives(_ worker: WorkerID) -> Bool {
        if worker == own { return true }
        let state = WorkerLock.state(stateFolder: stateFolder, worker: worker)
        let now = clocks.monotonic()
        return missingSince.withLock { missingSince in
            switch state {
            case .held:
                missingSince[worker] = nil
                return true
            case .free:
                missingSince[worker] = nil
                return false
            case .missing:
                let since = missingSince[worker] ?? now
                missingSince[worker] = since
                return now < since + Self.patience
            }
        }
    }

    /// Eight times as long as a living worker takes to notice.
    private static let patience = Limits.pollInterval * 8
}

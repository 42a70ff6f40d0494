import QueueCore
import Synchronization

/// A claimed job on its way to whoever runs it, who takes it once.
///
/// A body may have 32 MiB: what holds the job for as long as it runs, holds it without.
final class Handover: Sendable {
    private let job: Mutex<ClaimedJob?>

    init(_ job: ClaimedJob) {
        self.job = Mutex(job)
    }

    func take() -> ClaimedJob {
        let taken = job.withLock { job in
            defer { job = nil }
            return job
        }
        guard let taken else { preconditionFailure("a job is handed over once") }
        return taken
    }
}

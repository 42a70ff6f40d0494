import Glibc
import Logging
import QueueCore

/// Gives back what dead workers held: first kills what is left of an attempt's processes and waits
/// until it is gone, then makes the job ready, so that it never runs twice at a time.
struct Rescuer: Sendable {
    let store: any QueueStore
    let stateFolder: String
    let storeID: String
    let bootID: String
    /// This worker, which is not dead while it asks.
    let own: WorkerID
    let logger: Logger

    func rescue() async throws(StoreError) {
        let isDead = { @Sendable (worker: WorkerID) in
            worker != own && !WorkerLock.isHeld(stateFolder: stateFolder, worker: worker)
        }
        for orphan in try await store.orphans(isDead: isDead) {
            // Of this worker's own leases only one that it does not know of can have run out: it
            // renews the others first. (A claim whose answer never came: an error after commit.)
            do throws(StoreError) {
                try await rescue(orphan, workerDied: isDead(orphan.worker))
            } catch {
                // Somebody's hand was in its rows: it keeps no other from being given back.
                guard case .refused = error else { throw error }
                logger.error(
                    "an attempt cannot be given back",
                    metadata: ["token": "\(orphan.token)", "error": "\(error)"]
                )
            }
        }
        let retired = try await store.retireDead(isDead: isDead) { worker in
            WorkerLock.wasRouting(stateFolder: stateFolder, worker: worker, bootID: bootID)
        }
        for worker in retired {
            WorkerLock.remove(stateFolder: stateFolder, worker: worker)
            logger.warning("worker died", metadata: ["worker": "\(worker)"])
        }
    }

    private func rescue(_ orphan: OrphanedAttempt, workerDied: Bool) async throws(StoreError) {
        // Nothing survives a reboot.
        if !orphan.earlierBoot {
            let leftovers = Leftovers(token: orphan.token, storeID: storeID)
            guard await leftovers.killAll() else {
                logger.error(
                    "what is left of an attempt does not die, its job waits",
                    metadata: ["token": "\(orphan.token)"]
                )
                return
            }
        }
        let result = try await store.lose(orphan, workerDied: workerDied)
        if case .written(let state) = result {
            unsafe unlink(ResultFile.path(of: orphan.token, stateFolder: stateFolder))
            logger.warning(
                "attempt lost",
                metadata: [
                    "token": "\(orphan.token)", "worker": "\(orphan.worker)",
                    "job.state": "\(state.rawValue)",
                ]
            )
        }
    }
}

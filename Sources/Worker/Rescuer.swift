import Glibc
import Logging
import QueueCore
import Telemetry

/// Gives back what dead workers held: first kills what is left of an attempt's processes and waits
/// until it is gone, then makes the job ready, so that it never runs twice at a time.
struct Rescuer: Sendable {
    let store: any QueueStore
    let stateFolder: String
    let storePath: String
    let storeID: String
    let bootID: String
    /// This worker, which is not dead while it asks.
    let own: WorkerID
    let logger: Logger
    let metrics: WorkerMetrics

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
                var names = await names(of: orphan)
                names["error"] = "\(error)"
                logger.error("an attempt cannot be given back", metadata: names)
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
        let orphaned = OrphanedProcesses(
            attempts: [orphan.token],
            storeID: storeID,
            storePath: storePath,
            stateFolder: stateFolder
        )
        // Nothing survives a reboot.
        if orphan.earlierBoot {
            orphaned.removeNotes()
        } else {
            guard await orphaned.killAll().remaining.isEmpty else {
                let names = await names(of: orphan)
                logger.error(
                    "what is left of an attempt does not die, its job waits",
                    metadata: names
                )
                return
            }
        }
        let result = try await store.lose(orphan, workerDied: workerDied)
        if case .written(let state) = result {
            ResultFile.remove(of: orphan.token, stateFolder: stateFolder)
            metrics.attemptsLost.add()
            var names = await names(of: orphan)
            names["job.state"] = "\(state.rawValue)"
            logger.warning("attempt lost", metadata: names)
        }
    }

    /// What names an attempt in every line about it: whoever looks for one id finds its story.
    private func names(of orphan: OrphanedAttempt) async -> Logger.Metadata {
        var names: Logger.Metadata = [
            "token": "\(orphan.token)", "job.id": "\(orphan.token.job)",
            "attempt": "\(orphan.token.attempt)", "worker": "\(orphan.worker)",
        ]
        // A store that fails just now is told of by the loop, and the line is not lost for it.
        guard let job = try? await store.records(.job(orphan.token.job)).first else { return names }
        if case .text(let route) = job["route"] { names["route"] = "\(route)" }
        if case .text(let handler) = job["handler"] { names["handler"] = "\(handler)" }
        if case .integer(let seq) = job["delivery"],
            let delivery = try? await store.records(.delivery(DeliverySeq(rawValue: seq))).first,
            case .text(let id) = delivery["delivery_id"]
        {
            names["delivery.id"] = "\(id)"
        }
        return names
    }
}

/// One reason why a ready job does not run yet.
package enum WaitReason: Equatable, Sendable {
    /// An operator said so.
    case paused(Pause)
    /// No worker with this configuration can run it.
    case handlerNotConfigured
    /// There is nobody to run it.
    case noWorkerAlive
    /// Another job of its lane comes first.
    case lane(JobSituation.LaneHolder?, ahead: Int)
    /// Its time has not come; why it was put off, where that is known.
    case notDue(until: Timestamp, after: String? = nil)
    /// Its handler cannot be reached, as far as these workers know.
    case breakerOpen([OpenBreaker], everywhere: Bool)
    /// Its handler runs as often at once as it may.
    case handlerAtLimit(running: Int, limit: Int)
    /// Workers died while it ran: it waits for one that has nothing else to do.
    case alone(losses: Int)
    /// The workers that live have no slot left.
    case slotsBusy(slots: Int, workers: Int)
    /// Another job has to run alone, and a worker runs nothing else meanwhile.
    case afterSuspect(JobID)
    /// Nothing keeps it: it is taken next, or after others that are as ready.
    case inLine(others: Int)
}

extension JobSituation {
    /// Everything that keeps the job from running now, most decisive first: what only a person can
    /// change, then what other jobs and time decide, then what passes by itself in a moment.
    ///
    /// - Parameters:
    ///   - concurrency: the handler's limit over all workers; nil when it is not configured.
    ///   - slots: jobs at once in one worker.
    ///   - alive: the workers that hold their locks.
    ///   - now: the moment of the question.
    /// - Returns: at least one reason for a ready job, none for one that runs or has ended.
    package func waitReasons(
        concurrency: Int?,
        slots: Int,
        alive: Set<WorkerID>,
        now: Timestamp
    ) -> [WaitReason] {
        guard state == .ready else { return [] }
        let workers = self.workers.filter { alive.contains($0.id) }
        var reasons = pauses.map(WaitReason.paused)
        if concurrency == nil { reasons.append(.handlerNotConfigured) }
        if workers.isEmpty { reasons.append(.noWorkerAlive) }
        if laneHolder != nil { reasons.append(.lane(laneHolder, ahead: aheadInLane)) }
        if runAt > now { reasons.append(.notDue(until: runAt, after: lastError)) }
        let breakers = openBreakers(of: workers)
        let isOpenEverywhere = !breakers.isEmpty && breakers.count == workers.count
        if isOpenEverywhere { reasons.append(.breakerOpen(breakers, everywhere: true)) }
        // Without a living worker, those that run are the leases of dead ones, and nothing runs.
        if !workers.isEmpty, let concurrency, runningOfHandler >= concurrency {
            reasons.append(.handlerAtLimit(running: runningOfHandler, limit: concurrency))
        }
        if losses > 0 {
            if !workers.isEmpty { reasons.append(.alone(losses: losses)) }
        } else if !workers.isEmpty, workers.allSatisfy({ $0.leased >= slots }) {
            reasons.append(.slotsBusy(slots: slots * workers.count, workers: workers.count))
        }
        if !breakers.isEmpty, !isOpenEverywhere {
            reasons.append(.breakerOpen(breakers, everywhere: false))
        }
        let isFree = reasons.allSatisfy {
            if case .breakerOpen(_, false) = $0 { true } else { false }
        }
        // The job itself is one of the ready ones.
        let line = WaitReason.inLine(others: max(0, readyOfHandler - 1))
        if isFree { reasons.append(suspect.map(WaitReason.afterSuspect) ?? line) }
        return reasons
    }

    /// The breakers of this job's handler, of some workers.
    private func openBreakers(of workers: [WorkerSighting]) -> [OpenBreaker] {
        workers.flatMap { worker in
            OpenBreaker.all(in: worker.breakers, of: worker.id).filter { $0.handler == handler }
        }
    }
}

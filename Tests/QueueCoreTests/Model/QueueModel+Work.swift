@testable import QueueCore

extension QueueModel {
    // MARK: Outcomes

    /// What the end of an attempt makes of its job.
    mutating func end(
        _ token: AttemptToken,
        _ outcome: Outcome,
        by worker: WorkerID
    ) -> EndResult {
        let id = token.job.rawValue
        guard let job = jobs[id], job.lease?.worker == worker, job.attempt == token.attempt else {
            return .leaseLost
        }
        let now = moment.now
        switch outcome {
        case .done:
            finish(id, .done, nil, "done")
        case .dead(let reason):
            finish(id, .dead, reason, "dead", failures: 1)
        case .cancelled(let reason):
            finish(id, .cancelled, reason, "cancelled")
        case .retry, .snooze, .released:
            if job.cancelRequested {
                finish(id, .cancelled, "cancelled by an operator", "cancelled")
            } else if case .retry(let delay, let keepsWaiting) = outcome {
                giveBack(id, at: now + delay, "retry", failures: 1)
                if !keepsWaiting { change(id) { $0.snoozedSince = nil } }
            } else if case .snooze(let delay) = outcome {
                let since = job.snoozedSince ?? now
                if wallClock.passed(from: since, to: now) > .seconds(7 * 86_400) {
                    finish(id, .dead, "snoozed for more than 7 days", "dead")
                } else {
                    giveBack(id, at: now + delay, "snooze")
                    change(id) { $0.snoozedSince = since }
                }
            } else {
                giveBack(id, at: now, "released")
            }
        }
        return .written(jobs[id]?.state ?? .ready)
    }

    private mutating func finish(
        _ id: Int64,
        _ state: JobState,
        _ reason: String?,
        _ outcome: String,
        failures: Int = 0
    ) {
        let now = moment.now
        change(id) { job in
            job.state = state
            job.reason = reason
            job.finishedAt = now
            job.failures += failures
            job.lease = nil
            job.snoozedSince = nil
            job.outcomes[job.outcomes.count - 1] = outcome
        }
    }

    private mutating func giveBack(
        _ id: Int64,
        at time: Timestamp,
        _ outcome: String,
        failures: Int = 0
    ) {
        change(id) { job in
            job.state = .ready
            job.runAt = time
            job.failures += failures
            job.lease = nil
            job.outcomes[job.outcomes.count - 1] = outcome
        }
    }

    // MARK: Leases

    mutating func extend(_ tokens: [AttemptToken], worker: WorkerID) -> Extension {
        var result = Extension(lost: [], cancelRequested: [])
        for token in tokens {
            let job = jobs[token.job.rawValue]
            guard let job, job.attempt == token.attempt, job.lease?.worker == worker else {
                result.lost.insert(token)
                continue
            }
            let lease = Lease(
                worker: worker,
                until: moment.monotonic + .seconds(30),
                boot: moment.boot
            )
            change(token.job.rawValue) { $0.lease = lease }
            if job.cancelRequested { result.cancelRequested.insert(token) }
        }
        result.isRetired = !workers.contains(worker)
        return result
    }

    func check(_ token: AttemptToken, dead: Set<WorkerID>) -> LeaseCheck {
        guard let job = jobs[token.job.rawValue], job.attempt >= token.attempt else {
            return .lost(.noSuchJob)
        }
        if job.attempt > token.attempt { return .lost(.superseded(by: job.attempt)) }
        guard let lease = job.lease else { return .lost(.ended(job.state)) }
        if lease.worker != job.runner { return .lost(.takenOver) }
        if lease.boot != moment.boot {
            return dead.contains(lease.worker) ? .lost(.earlierBoot) : .held(leaseLeft: nil)
        }
        let left = lease.until.rawValue - moment.monotonic.rawValue
        return left < 0 ? .lost(.ranOut) : .held(leaseLeft: .microseconds(left))
    }

    func cancelRequests(of worker: WorkerID) -> Set<AttemptToken> {
        Set(tokens(of: worker).filter { jobs[$0.job.rawValue]?.cancelRequested == true })
    }

    /// The attempts that a worker has leased, in the order of their jobs.
    func tokens(of worker: WorkerID) -> [AttemptToken] {
        live.sorted().compactMap { id in
            guard let job = jobs[id], job.lease?.worker == worker else { return nil }
            return AttemptToken(job: JobID(rawValue: id), attempt: job.attempt)
        }
    }

    /// The attempts of others that a worker has taken over.
    func takenOver(by worker: WorkerID) -> [AttemptToken] {
        tokens(of: worker).filter { jobs[$0.job.rawValue]?.runner != worker }
    }

    /// All leases, in the order of their jobs.
    func leases() -> [QueueCore.Lease] {
        live.sorted().compactMap { id in
            guard let job = jobs[id], let lease = job.lease else { return nil }
            return QueueCore.Lease(
                token: AttemptToken(job: JobID(rawValue: id), attempt: job.attempt),
                worker: lease.worker,
                until: lease.until,
                boot: lease.boot
            )
        }
    }

    mutating func seize(_ orphans: [OrphanedAttempt], by worker: WorkerID) -> Set<AttemptToken> {
        var seized: Set<AttemptToken> = []
        for orphan in orphans where leases().contains(orphan.lease) {
            let lease = Lease(
                worker: worker,
                until: moment.monotonic + .seconds(30),
                boot: moment.boot
            )
            change(orphan.token.job.rawValue) { job in
                if orphan.cause == .workerDied, job.runner == orphan.worker { job.losses += 1 }
                job.lease = lease
            }
            seized.insert(orphan.token)
        }
        return seized
    }

    mutating func lose(_ tokens: [AttemptToken], by worker: WorkerID) -> [EndResult] {
        tokens.map { token in
            let id = token.job.rawValue
            guard let job = jobs[id], job.attempt == token.attempt, job.lease?.worker == worker
            else { return .leaseLost }
            if job.cancelRequested {
                finish(id, .cancelled, "cancelled by an operator", "lost")
            } else if job.losses >= 3 {
                finish(id, .dead, "quarantined: \(job.losses) workers died while it ran", "lost")
            } else {
                giveBack(id, at: moment.now, "lost")
            }
            return .written(jobs[id]?.state ?? .ready)
        }
    }

    // MARK: Claims

    /// Jobs that could be leased now.
    func claimable(_ concurrency: [String: Int]) -> [Int64] {
        if pauses.contains(.everything) { return [] }
        let holders = laneHolders()
        var running: [String: Int] = [:]
        for id in live {
            if let job = jobs[id], job.state == .leased { running[job.handler, default: 0] += 1 }
        }
        return live.filter { id in
            guard let job = jobs[id], job.state == .ready else { return false }
            return job.runAt <= moment.now && !isBlocked(id, holders)
                && !pauses.contains(.handler(HandlerName(rawValue: job.handler)))
                && !pauses.contains(.route(job.route))
                && !(job.lane.map { pauses.contains(.lane($0)) } ?? false)
                && running[job.handler, default: 0] < concurrency[job.handler, default: 0]
        }
    }

    /// Leases what the store claimed, if the store was free to.
    ///
    /// Which group comes next is the store's affair, so this asks for what must hold: only jobs
    /// that may run, of each group the one that is due longest, handlers and repositories in turn,
    /// and nothing left over.
    mutating func claim(
        _ claimed: [ClaimedJob],
        slots: Int,
        concurrency: [String: Int],
        worker: WorkerID
    ) throws(Mismatch) {
        if claimed.count > slots { throw Mismatch("\(claimed.count) jobs in \(slots) slots") }
        if slots > 0, !pauses.contains(.everything) { joinLanes() }
        if try claimBesideSuspects(claimed, slots, concurrency, worker) { return }
        var served: [String: Int] = [:]
        for claim in claimed {
            let id = claim.token.job.rawValue
            let choice = claimable(concurrency).filter { !isSuspect($0) }
            guard choice.contains(id), let job = jobs[id] else {
                throw Mismatch("job \(id) was claimed, and \(choice.sorted()) may run")
            }
            for other in choice where other != id {
                guard let next = jobs[other] else { continue }
                if next.handler == job.handler, next.repo == job.repo,
                    (next.runAt, other) < (job.runAt, id)
                {
                    throw Mismatch("job \(id) was claimed before \(other) of its group")
                }
                if served[next.handler, default: 0] < served[job.handler, default: 0] {
                    throw Mismatch(
                        "job \(id) was claimed, and it is handler \(next.handler)'s turn"
                    )
                }
                let (own, others) = (Self.group(job), Self.group(next))
                if next.handler == job.handler,
                    served[others, default: 0] < served[own, default: 0]
                {
                    throw Mismatch(
                        "job \(id) was claimed, and it is repository \(next.repo)'s turn"
                    )
                }
            }
            served[job.handler, default: 0] += 1
            served[Self.group(job), default: 0] += 1
            lease(id, worker)
            try check(claim)
        }
        let left = claimable(concurrency).filter { !isSuspect($0) }
        if claimed.count < slots, !left.isEmpty {
            throw Mismatch("\(left.sorted()) may run, and were not claimed into free slots")
        }
    }

    /// Suspects run alone: nothing is claimed beside one, nor one beside others.
    ///
    /// When it is a suspect's time is the store's affair, but a worker that has nothing to do takes
    /// something.
    ///
    /// - Returns: false for a claim of ordinary jobs.
    private mutating func claimBesideSuspects(
        _ claimed: [ClaimedJob],
        _ slots: Int,
        _ concurrency: [String: Int],
        _ worker: WorkerID
    ) throws(Mismatch) -> Bool {
        let own = live.filter { id in
            jobs[id]?.lease?.worker == worker && jobs[id]?.runner == worker
        }
        let choice = claimable(concurrency)
        if own.contains(where: isSuspect) {
            if !claimed.isEmpty { throw Mismatch("jobs were claimed beside a suspect") }
            return true
        }
        guard let first = claimed.first else {
            let hasSuspects = choice.contains(where: isSuspect)
            if hasSuspects, slots > 0, own.isEmpty {
                throw Mismatch("\(choice.sorted()) may run, and an idle worker claimed nothing")
            }
            // It may let what it runs end, to take a suspect then.
            return hasSuspects
        }
        let id = first.token.job.rawValue
        guard isSuspect(id) else { return false }
        guard claimed.count == 1, own.isEmpty, choice.contains(id) else {
            throw Mismatch("suspect \(id) was claimed beside \(own.sorted())")
        }
        lease(id, worker)
        try check(first)
        return true
    }

    private func isSuspect(_ id: Int64) -> Bool { (jobs[id]?.losses ?? 0) > 0 }

    /// What was requeued for later and is due takes its place in its lane.
    private mutating func joinLanes() {
        let now = moment.now
        for id in live {
            change(id) { job in
                if job.runAt <= now { job.isOffLane = false }
            }
        }
    }

    private static func group(_ job: JobRow) -> String { "\(job.handler) \(job.repo)" }

    private mutating func lease(_ id: Int64, _ worker: WorkerID) {
        let until = moment.monotonic + .seconds(30)
        let lease = Lease(worker: worker, until: until, boot: moment.boot)
        change(id) { job in
            job.state = .leased
            job.attempt += 1
            job.lease = lease
            job.runner = worker
            job.outcomes.append("running")
        }
    }

    /// Whether a claim tells the truth about its job.
    private func check(_ claim: ClaimedJob) throws(Mismatch) {
        guard let job = jobs[claim.token.job.rawValue] else { return }
        let hasBody = deliveries[job.delivery]?.hasBody ?? false
        guard claim.token.attempt == job.attempt, claim.route == job.route,
            claim.handler.rawValue == job.handler, claim.repo == job.repo, claim.lane == job.lane,
            claim.failures == job.failures, claim.delivery.seq.rawValue == job.delivery, hasBody,
            claim.delivery.body != nil
        else { throw Mismatch("\(claim.token) was claimed with other columns than \(job)") }
    }
}

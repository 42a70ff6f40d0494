@testable import QueueCore

extension QueueModel {
    mutating func requeue(_ ids: [JobID], pace: Pace) -> [JobChange] {
        var number = 0
        return ids.map { id in
            guard let job = jobs[id.rawValue] else { return .unknown }
            guard job.state == .dead else { return job.refusal }
            guard deliveries[job.delivery]?.hasBody == true else { return .bodyPruned }
            requeue(id.rawValue, at: pace.time(of: number))
            number += 1
            return .changed
        }
    }

    mutating func requeue(_ id: Int64, at time: Timestamp) {
        let isForLater = time > moment.now
        change(id) { job in
            job.isOffLane = isForLater
            job.state = .ready
            job.failures = 0
            job.losses = 0
            job.snoozedSince = nil
            job.cancelRequested = false
            job.reason = nil
            job.finishedAt = nil
            job.runAt = time
        }
    }

    mutating func discard(_ ids: [JobID]) -> [JobChange] {
        let now = moment.now
        return ids.map { id in
            guard let job = jobs[id.rawValue] else { return .unknown }
            guard job.state == .dead else { return job.refusal }
            change(id.rawValue) { job in
                job.state = .cancelled
                job.reason = job.reason.map { "discarded: \($0)" }
                job.diedAt = job.finishedAt
                job.finishedAt = now
            }
            return .changed
        }
    }

    mutating func undiscard(_ ids: [JobID]) -> [JobChange] {
        ids.map { id in
            guard let job = jobs[id.rawValue] else { return .unknown }
            guard let diedAt = job.diedAt else { return .refused(job.state) }
            change(id.rawValue) { job in
                job.state = .dead
                job.reason = job.reason.map { String($0.dropFirst("discarded: ".count)) }
                job.finishedAt = diedAt
                job.diedAt = nil
            }
            return .changed
        }
    }

    mutating func cancel(_ ids: [JobID]) -> [JobChange] {
        ids.map { cancel($0.rawValue) }
    }

    private mutating func cancel(_ id: Int64) -> JobChange {
        guard let job = jobs[id] else { return .unknown }
        let now = moment.now
        switch job.state {
        case .ready:
            change(id) { job in
                job.state = .cancelled
                job.reason = "cancelled by an operator"
                job.finishedAt = now
                job.cancelRequested = true
            }
            return .changed
        case .leased:
            change(id) { $0.cancelRequested = true }
            return .willStop
        case .done, .dead, .cancelled:
            return .refused(job.state)
        }
    }

    mutating func retryNow(_ ids: [JobID]) -> [JobChange] {
        let now = moment.now
        return ids.map { id in
            guard let job = jobs[id.rawValue] else { return .unknown }
            guard job.state == .ready else { return .refused(job.state) }
            change(id.rawValue) { job in
                job.runAt = min(job.runAt, now)
                job.isOffLane = false
            }
            return .changed
        }
    }

    // MARK: Replays

    /// Nil when the store must refuse.
    mutating func replay(_ seqs: [DeliverySeq], pace: Pace) -> ReplayBatch? {
        let asked = seqs.count
        let seqs = seqs.filter { seq in
            deliveries[seq.rawValue].map { $0.hasBody && $0.verdict != nil } ?? false
        }
        if seqs.isEmpty, asked > 0 { return nil }
        let batch = lastReplay + 1
        for (number, seq) in seqs.enumerated() {
            lastReplay += 1
            replays[lastReplay] = ReplayRow(
                delivery: seq.rawValue,
                batch: batch,
                notBefore: pace.time(of: number)
            )
        }
        return ReplayBatch(id: batch, count: seqs.count)
    }

    mutating func cancelReplay(_ batch: Int64) -> ReplayCancellation? {
        let members = replays.keys.filter { replays[$0]?.batch == batch }
        if members.isEmpty { return nil }
        var result = ReplayCancellation(requests: 0, jobs: 0, stopping: 0)
        for id in members where replays[id]?.verdict == nil {
            replays[id]?.verdict = "cancelled"
            replays[id]?.reason = "cancelled by an operator"
            replays[id]?.decidedAt = moment.now
            result.requests += 1
        }
        for id in live.sorted() where members.contains(jobs[id]?.replay ?? 0) {
            switch cancel(id) {
            case .changed: result.jobs += 1
            case .willStop: result.stopping += 1
            case .refused, .discarded, .bodyPruned, .unknown: break
            }
        }
        return result
    }

    // MARK: Pruning

    mutating func prune(_ retention: Retention) -> Pruned {
        followClock()
        let (clock, now) = (wallClock, moment.now)
        func before(_ kept: Duration?) -> Timestamp? { kept.map { clock.time($0, before: now) } }
        // All is chosen before anything goes: what becomes free goes with the next step.
        let bodies = before(retention.bodies).map(prunableBodies) ?? []
        let old = before(retention.jobs).map(prunableJobs) ?? []
        let bare = before(retention.deliveries).map(prunableDeliveries) ?? []
        for seq in bodies { deliveries[seq]?.hasBody = false }
        for id in old { removeJob(id) }
        for seq in bare {
            deliveries[seq] = nil
            prunedDeliveries += 1
            replays = replays.filter { $1.delivery != seq }
        }
        // What a body or a job kept may go next.
        let mayLeaveMore =
            !bodies.isEmpty || !old.isEmpty || bare.count >= Limits.pruneRows
        return Pruned(
            bodies: bodies.count,
            jobs: old.count,
            deliveries: bare.count,
            hasMore: mayLeaveMore
        )
    }

    private func prunableBodies(_ before: Timestamp) -> [Int64] {
        func isOver(_ time: Timestamp?) -> Bool { time.map { $0 < before } ?? false }
        let kept = Set(jobs.values.filter { !isOver($0.finishedAt) }.map(\.delivery))
            .union(replays.values.filter { !isOver($0.decidedAt) }.map(\.delivery))
        return
            deliveries
            .filter { $1.hasBody && isOver($1.decidedAt) && !kept.contains($0) }
            .sorted {
                ($0.value.decidedAt ?? before, $0.key) < ($1.value.decidedAt ?? before, $1.key)
            }
            .prefix(Limits.pruneRows).map(\.key)
    }

    private func prunableJobs(_ before: Timestamp) -> [Int64] {
        jobs.compactMap { id, job in job.finishedAt.map { (time: $0, id: id) } }
            .filter { $0.time < before }
            .sorted { ($0.time, $0.id) < ($1.time, $1.id) }
            .prefix(Limits.pruneRows).map(\.id)
    }

    private func prunableDeliveries(_ before: Timestamp) -> [Int64] {
        let kept = Set(jobs.values.map(\.delivery))
        return
            deliveries
            .filter { !$1.hasBody && $1.receivedAt < before && !kept.contains($0) }
            .sorted { ($0.value.receivedAt, $0.key) < ($1.value.receivedAt, $1.key) }
            .prefix(Limits.pruneRows).map(\.key)
    }
}

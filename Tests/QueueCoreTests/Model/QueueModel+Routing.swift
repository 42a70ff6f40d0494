import Foundation
import QueueCore

extension QueueModel {
    // MARK: Accepting

    mutating func accept(_ batch: [ModelDelivery]) -> [Acceptance] {
        batch.map { accept($0) }
    }

    private mutating func accept(_ delivery: ModelDelivery) -> Acceptance {
        let known = deliveries.first {
            $1.source == delivery.source && $1.id == delivery.id
        }
        if let known {
            let seq = DeliverySeq(rawValue: known.key)
            if known.value.hasBody, known.value.payload != delivery.payload {
                return .conflict(seq)
            }
            deliveries[known.key]?.repeats += 1
            return .duplicate(seq)
        }
        lastDelivery += 1
        deliveries[lastDelivery] = DeliveryRow(
            source: delivery.source,
            id: delivery.id,
            payload: delivery.payload,
            isVerified: delivery.isVerified,
            receivedAt: moment.now
        )
        return .accepted(DeliverySeq(rawValue: lastDelivery))
    }

    // MARK: What waits

    /// Oldest deliveries first; replays only when no delivery waits; suspects alone.
    func waiting(atMost count: Int) -> [RoutingTarget] {
        let waiting = deliveries.keys.filter { deliveries[$0]?.verdict == nil }.sorted()
        if !waiting.isEmpty {
            return alone(waiting.prefix(count)) { deliveries[$0]?.tries ?? 0 }
                .map { .delivery(DeliverySeq(rawValue: $0)) }
        }
        let due = replays.filter { $1.verdict == nil && $1.notBefore <= moment.now }
            .sorted { ($0.value.notBefore, $0.key) < ($1.value.notBefore, $1.key) }
            .map(\.key)
        return alone(due.prefix(count)) { replays[$0]?.tries ?? 0 }.map { id in
            .replay(id: id, of: DeliverySeq(rawValue: replays[id]?.delivery ?? 0))
        }
    }

    private func alone(_ ids: ArraySlice<Int64>, _ tries: (Int64) -> Int) -> [Int64] {
        if let first = ids.first, tries(first) > 0 { return [first] }
        return Array(ids.prefix { tries($0) == 0 })
    }

    func tries(_ target: RoutingTarget) -> Int {
        switch target {
        case .delivery(let seq): deliveries[seq.rawValue]?.tries ?? 0
        case .replay(let id, _): replays[id]?.tries ?? 0
        }
    }

    mutating func suspect(_ target: RoutingTarget) {
        switch target {
        case .delivery(let seq):
            if deliveries[seq.rawValue]?.verdict == nil { deliveries[seq.rawValue]?.tries += 1 }
        case .replay(let id, _):
            if replays[id]?.verdict == nil { replays[id]?.tries += 1 }
        }
    }

    // MARK: Deciding

    mutating func decide(_ decisions: [Decision]) -> RoutingResult {
        if decisions.contains(where: { !waits($0.target) }) { return .stale }
        if case .delivery(let seq) = decisions.first?.target {
            let oldest = deliveries.keys.filter { deliveries[$0]?.verdict == nil }.min()
            if oldest != seq.rawValue { return .stale }
        }
        return .decided(decisions.map { write($0) })
    }

    private func waits(_ target: RoutingTarget) -> Bool {
        switch target {
        case .delivery(let seq):
            deliveries[seq.rawValue].map { $0.verdict == nil } ?? false
        case .replay(let id, _):
            replays[id].map { $0.verdict == nil } ?? false
        }
    }

    private mutating func write(_ decision: Decision) -> WrittenDecision {
        switch decision.target {
        case .delivery(let seq):
            let jobs = write(decision, of: seq.rawValue)
            let row = deliveries[seq.rawValue]
            return WrittenDecision(
                verdict: row?.verdict ?? decision.verdict,
                reason: row?.reason,
                jobs: jobs
            )
        case .replay(let id, let seq):
            let live = jobs(of: seq.rawValue).filter { jobs[$0]?.isLive == true }
            let leftAlone = decision.jobs.compactMap { job in
                live.last { jobs[$0]?.route == job.route }.map { "job \($0) of route \(job.route)" }
            }
            let words = leftAlone.joined(separator: ", ")
            let reason = leftAlone.isEmpty ? decision.reason : "left alone, because live: \(words)"
            replays[id]?.verdict = decision.verdict.rawValue
            replays[id]?.reason = reason
            replays[id]?.decidedAt = moment.now
            let fresh = decision.jobs.filter { job in
                !live.contains { jobs[$0]?.route == job.route }
            }
            let inserted = fresh.map { job in
                let earlier = jobs(of: seq.rawValue).last { jobs[$0]?.route == job.route }
                var row = row(job, of: seq.rawValue, replay: id, replayOf: earlier)
                row.hash = hash(of: decision, seq.rawValue)
                return insert(row)
            }
            return WrittenDecision(
                verdict: decision.verdict,
                reason: reason,
                jobs: inserted
            )
        }
    }

    private mutating func write(_ decision: Decision, of seq: Int64) -> [JobID] {
        deliveries[seq]?.verdict = decision.verdict
        deliveries[seq]?.reason = decision.reason
        deliveries[seq]?.hash = decision.payloadSHA256
        deliveries[seq]?.decidedAt = moment.now
        let known = decision.jobs.map { decision.isTest ? nil : earlierJob($0, decision, seq) }
        let row = { (job: NewJob, model: QueueModel, replayOf: Int64?) in
            var row = model.row(job, of: seq, replayOf: replayOf)
            row.hash = model.hash(of: decision, seq)
            return row
        }
        guard let latest = known.compactMap({ $0.flatMap { jobs[$0]?.delivery } }).max() else {
            return insert(decision.jobs.map { row($0, self, nil) }, decision.loop, seq)
        }
        var rows: [JobRow] = []
        var requeued = 0
        for (job, known) in zip(decision.jobs, known) {
            switch known.flatMap({ jobs[$0]?.state }) {
            case nil:
                rows.append(row(job, self, nil))
            case .ready, .leased, .cancelled:
                break
            case .done:
                guard job.redelivery == .rerun else { continue }
                rows.append(row(job, self, known))
            case .dead:
                guard let known, let dead = jobs[known] else { continue }
                if deliveries[dead.delivery]?.hasBody == true {
                    requeue(known, at: moment.now)
                    requeued += 1
                } else {
                    rows.append(row(job, self, known))
                }
            }
        }
        if rows.isEmpty {
            let what = requeued == 0 ? "nothing to do" : "dead jobs requeued: \(requeued)"
            deliveries[seq]?.verdict = .repeated
            deliveries[seq]?.reason = "the same bytes as delivery \(latest): \(what)"
        }
        return insert(rows, decision.loop, seq)
    }

    /// Stores the jobs of a delivery; too many of what bots cause on one issue are parked.
    private mutating func insert(
        _ rows: [JobRow],
        _ loop: LoopWatch?,
        _ seq: Int64
    ) -> [JobID] {
        guard let loop, !rows.isEmpty, let own = deliveries[seq] else {
            return rows.map { insert($0) }
        }
        let earlier = deliveries.filter { $0.key < seq && $0.value.botIssue == loop.issue }
            .sorted { $0.key > $1.key }
            .prefix(loop.events)
            .count { own.receivedAt - $0.value.receivedAt < loop.window }
        deliveries[seq]?.botIssue = loop.issue
        guard loops[loop.issue] != nil || earlier >= loop.events else {
            return rows.map { insert($0) }
        }
        deliveries[seq]?.reason = "parked: \(loop.reason)"
        park(loop.issue, for: loop.issue)
        return rows.map { row in
            var row = row
            let lane = row.lane ?? loop.issue
            row.lane = lane
            park(lane, for: loop.issue)
            return insert(row)
        }
    }

    /// A lane that people paused stays theirs.
    private mutating func park(_ lane: String, for issue: String) {
        guard pauses.insert(.lane(lane)).inserted || loops[lane] != nil else { return }
        loops[lane, default: []].insert(issue)
    }

    /// Whoever resumes an issue has looked at it, and at what was paused because of it.
    mutating func resume(_ target: PauseTarget) -> Bool {
        let wasPaused = pauses.remove(target) != nil
        guard wasPaused, case .lane(let lane) = target else { return wasPaused }
        loops[lane] = nil
        for other in loops.keys where loops[other]?.remove(lane) != nil {
            guard loops[other]?.isEmpty == true else { continue }
            loops[other] = nil
            pauses.remove(.lane(other))
        }
        for seq in deliveries.keys where deliveries[seq]?.botIssue == lane {
            deliveries[seq]?.botIssue = nil
        }
        return wasPaused
    }

    /// Nil for what is not verified: it repeats nothing, and nothing repeats it.
    private func hash(of decision: Decision, _ seq: Int64) -> String? {
        deliveries[seq]?.isVerified == true ? decision.payloadSHA256 : nil
    }

    /// The latest job that the same bytes made of the same route, from the same source and within
    /// a week.
    private func earlierJob(_ job: NewJob, _ decision: Decision, _ seq: Int64) -> Int64? {
        guard let own = deliveries[seq], let hash = hash(of: decision, seq) else { return nil }
        let oldest = wallClock.time(.seconds(7 * 86_400), before: own.receivedAt)
        return jobs.keys
            .filter { id in
                guard let row = jobs[id], let other = deliveries[row.delivery] else { return false }
                return row.hash == hash && row.route == job.route && other.source == own.source
                    && other.receivedAt >= oldest
            }
            .max()
    }

    private func row(
        _ job: NewJob,
        of delivery: Int64,
        replay: Int64? = nil,
        replayOf: Int64? = nil
    ) -> JobRow {
        JobRow(
            delivery: delivery,
            route: job.route,
            handler: job.handler.rawValue,
            repo: job.repo,
            lane: job.lane,
            runAt: moment.now,
            replay: replay,
            replayOf: replayOf
        )
    }
}

/// A delivery of one of a few payloads, so that the same bytes come again.
struct ModelDelivery {
    var source: String
    var id: String
    var payload: Int
    var isVerified: Bool

    func delivery(receivedAt: Timestamp) -> Delivery {
        Delivery(
            source: source,
            id: DeliveryID(rawValue: id),
            event: "push",
            eventType: "push",
            targetType: nil,
            receivedAt: receivedAt,
            remote: "127.0.0.1",
            contentType: "application/json",
            headers: "{}",
            verifiedBy: isVerified ? "key" : nil,
            body: Data("{\"p\":\(payload)}".utf8)
        )
    }
}

import QueueCore

extension History {
    mutating func exchange() async throws {
        guard let worker = pick(workers) else { return }
        let ends = someEnds(of: worker.id)
        let slots = number(0...5)
        var concurrency: [String: Int] = [:]
        for handler in ["a", "b", "c"] where chance(85) { concurrency[handler] = number(0...4) }
        note("\(worker.id) ends \(ends.map { "\($0.token) \($0.outcome)" }), wants \(slots)")
        let request = ClaimRequest(
            slots: slots,
            concurrency: Dictionary(
                uniqueKeysWithValues: concurrency.map { (HandlerName(rawValue: $0), $1) }
            )
        )
        let store = stores[worker.store]
        let decisions = chance(30) ? try await someDecisions(store) : []
        let answer = try await store.exchange(
            ends,
            for: request,
            worker: worker.id,
            deciding: decisions
        )
        note("it got \(answer.claimed.map(\.token))")
        try expect(answer.routing, is: model.decide(decisions))
        model.followClock()
        try expect(answer.ends, is: ends.map { model.end($0.token, $0.outcome, by: worker.id) })
        try model.claim(answer.claimed, slots: slots, concurrency: concurrency, worker: worker.id)
        known = (known + answer.claimed.map(\.token)).suffix(60)
    }

    /// Of what it holds, and now and then of what it does not.
    private mutating func someEnds(of worker: WorkerID) -> [AttemptEnd] {
        var tokens = model.tokens(of: worker).filter { _ in chance(40) }
        if chance(15), let other = pick(known), !tokens.contains(other),
            !model.tokens(of: worker).contains(other),
            model.jobs[other.job.rawValue]?.attempt != other.attempt || chance(5)
        {
            tokens.append(other)
        }
        return tokens.map { token in
            // Who asks for later often asks again.
            let snoozes = model.jobs[token.job.rawValue]?.snoozedSince != nil && chance(70)
            let outcome = snoozes ? .snooze(for: .seconds(number(0...200))) : someOutcome()
            return AttemptEnd(token: token, outcome: outcome, endedAt: model.moment.now)
        }
    }

    private mutating func someOutcome() -> Outcome {
        switch number(1...20) {
        case 1...9: .done
        case 10...13: .retry(after: .seconds(number(0...30)), keepsWaiting: chance(30))
        case 14...15: .snooze(for: .seconds(number(0...200)))
        case 16: .released
        case 17: .cancelled(reason: "asked")
        default: .dead(reason: "broken")
        }
    }

    mutating func extend() async throws {
        guard let worker = pick(workers) else { return }
        var tokens = model.tokens(of: worker.id)
        if chance(30), let other = pick(known), !tokens.contains(other) { tokens.append(other) }
        note("\(worker.id) extends \(tokens)")
        let store = stores[worker.store]
        try expect(
            try await store.cancelRequests(of: worker.id),
            is: model.cancelRequests(of: worker.id)
        )
        try expect(
            try await store.extend(tokens, worker: worker.id),
            is: model.extend(tokens, worker: worker.id)
        )
    }

    mutating func check() async throws {
        guard let token = pick(known) else { return }
        note("check \(token)")
        let dead = dead
        try expect(
            try await store().check(token) { dead.contains($0) },
            is: model.check(token, dead: dead)
        )
        let job = someJob { $0.isLive }
        try compare(try await store().situation(of: job), of: job.rawValue)
    }

    private mutating func compare(_ situation: JobSituation?, of id: Int64) throws {
        let job = model.jobs[id]
        let holders = model.laneHolders()
        let holder = job?.lane.flatMap { model.isBlocked(id, holders) ? holders[$0] : nil }
        let ahead = job?.lane.map { lane in
            model.live.filter { earlier in
                let job = model.jobs[earlier]
                return earlier < id && job?.lane == lane && job?.isOffLane == false
            }.count
        }
        let running = job.map { job in
            model.live.filter {
                model.jobs[$0]?.state == .leased && model.jobs[$0]?.handler == job.handler
            }.count
        }
        try expect(situation?.state, is: job?.state)
        try expect(situation?.laneHolder?.job.rawValue, is: holder)
        try expect(situation?.aheadInLane, is: job.map { _ in ahead ?? 0 })
        try expect(situation?.runningOfHandler, is: running)
        try expect(situation?.runAt, is: job?.runAt)
    }

    // MARK: Crashes

    mutating func crashOne() async throws {
        let place = number(0...workers.count - 1)
        note("\(workers[place].id) dies")
        try await crash(place)
    }

    /// What a worker does at every look: take over what nobody looks after, and end it once nothing
    /// is left; sometimes it comes to the second part later, or never.
    mutating func rescue() async throws {
        let store = store()
        let leases = try await store.leases()
        try expect(leases, is: model.leases())
        guard let rescuer = pick(workers)?.id else { return }
        let orphans = leases.compactMap { lease in
            orphanCause(of: lease).map { OrphanedAttempt(lease: lease, cause: $0) }
        }
        note("\(rescuer) rescues \(orphans.map { "\($0.token) of \($0.worker)" })")
        let term = Duration.seconds(30)
        try expect(
            try await store.seize(orphans, by: rescuer, lease: term),
            is: model.seize(orphans, by: rescuer)
        )
        // Those that it saw have changed.
        if chance(20) {
            try expect(try await store.seize(orphans, by: rescuer, lease: term), is: [])
        }
        var tokens = model.takenOver(by: rescuer).filter { _ in chance(80) }
        // One that merely seemed lost.
        if chance(20), let token = pick(known), !tokens.contains(token) { tokens.append(token) }
        note("it ends \(tokens)")
        try expect(
            try await store.lose(tokens, by: rescuer),
            is: model.lose(tokens, by: rescuer)
        )
        try await retireDead(store)
    }

    /// As a worker sees it that has watched for long enough.
    private func orphanCause(of lease: Lease) -> OrphanedAttempt.Cause? {
        let isSameBoot = lease.boot == model.moment.boot
        if dead.contains(lease.worker) { return isSameBoot ? .workerDied : .machineRestarted }
        return isSameBoot && lease.until < model.moment.monotonic ? .leaseRanOut : nil
    }

    private mutating func retireDead(_ store: SQLiteStore) async throws {
        let dead = dead
        let suspects = chance(30) ? Array(model.waiting(atMost: 3)) : []
        let retired = try await store.retireDead(
            isDead: { dead.contains($0) },
            wasRouting: { _ in suspects }
        )
        let expected = dead.intersection(model.workers)
            .filter { model.tokens(of: $0).isEmpty }
            .sorted { $0.rawValue < $1.rawValue }
        try expect(retired, is: expected)
        for worker in retired {
            model.workers.remove(worker)
            self.dead.remove(worker)
            for target in suspects { model.suspect(target) }
        }
    }
}

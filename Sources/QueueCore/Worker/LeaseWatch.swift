/// Decides which leases no worker looks after any more, as one worker sees them look by look.
///
/// A free lock means a dead worker, whatever its lease says; a held one means a living worker,
/// whatever its boot is called (containers may have a boot id of their own). A living worker loses
/// a lease only by not renewing it *although it could*: a store that stalls for longer than a lease
/// stops all workers alike, and the first to come back must not take the others for stuck. So a
/// lease that has run out counts only once this worker has seen its own writes succeed for a while
/// since, and the lease was still not renewed.
package struct LeaseWatch: Sendable {
    /// How long a lease lasts.
    private let term: Duration
    private let bootID: String
    private var sightings: [AttemptToken: Sighting] = [:]
    /// The first and the last of this worker's latest writes that all succeeded without a stall.
    private var writes: (first: MonotonicTime, last: MonotonicTime)?

    /// A lease as it was seen, unchanged since then.
    private struct Sighting {
        let lease: Lease
        let since: MonotonicTime
        /// When it was first seen to have run out.
        var ranOutAt: MonotonicTime?
    }

    package init(term: Duration, bootID: String) {
        self.term = term
        self.bootID = bootID
    }

    /// More between two writes, or within one, is a stall.
    private var longestGap: Duration { max(term / 6, .seconds(1)) }

    /// A renewal interval; with the shortest leases long enough for several writes.
    private var patience: Duration { max(term / 3, longestGap * 2) }

    /// How often this worker is to write: to keep its own leases, and to see whether the store
    /// takes writes while it has doubts about others.
    package var heartbeatInterval: Duration {
        sightings.values.contains { $0.ranOutAt != nil } ? term / 12 : term / 3
    }

    /// This worker wrote to the store.
    package mutating func noteWrite(from start: MonotonicTime, to end: MonotonicTime) {
        guard let known = writes, start <= known.last + longestGap, end <= start + longestGap
        else {
            writes = (end, end)
            return
        }
        writes = (known.first, end)
    }

    /// The store did not take a write of this worker.
    package mutating func noteFailedWrite() {
        writes = nil
    }

    /// Looks at all leases.
    ///
    /// - Parameters:
    ///   - leases: those there are, but for what this worker has taken over.
    ///   - now: this worker's monotonic time.
    ///   - lives: whether a worker's lock is held.
    /// - Returns: the leases that are to be taken over.
    package mutating func orphans(
        among leases: [Lease],
        at now: MonotonicTime,
        lives: (WorkerID) -> Bool
    ) -> [OrphanedAttempt] {
        var seen: [AttemptToken: Sighting] = [:]
        var orphans: [OrphanedAttempt] = []
        for lease in leases {
            guard lives(lease.worker) else {
                let cause: OrphanedAttempt.Cause =
                    isOfThisMachine(lease, now) ? .workerDied : .machineRestarted
                orphans.append(OrphanedAttempt(lease: lease, cause: cause))
                continue
            }
            let sighting = look(at: lease, now)
            seen[lease.token] = sighting
            if isAbandoned(sighting) {
                orphans.append(OrphanedAttempt(lease: lease, cause: .leaseRanOut))
            }
        }
        sightings = seen
        return orphans
    }

    /// Whether the machine is the same and was not started again since the lease was renewed.
    ///
    /// Containers may have boot ids of their own, and one clock: a lease that was renewed just now by
    /// this clock is of this boot, however that is called. Else a job that kills the workers of two
    /// containers in turn would never be to blame.
    private func isOfThisMachine(_ lease: Lease, _ now: MonotonicTime) -> Bool {
        lease.boot == bootID || (lease.until <= now + term && now <= lease.until + term)
    }

    private func look(at lease: Lease, _ now: MonotonicTime) -> Sighting {
        let known = sightings[lease.token].flatMap { $0.lease == lease ? $0 : nil }
        var sighting = known ?? Sighting(lease: lease, since: now)
        // The clock of another boot cannot be read here: what counts is how long nothing changed. A
        // container with a boot id of its own has this clock, and perhaps a longer lease.
        let end =
            lease.boot == bootID
            ? lease.until
            : max(sighting.since + term, min(lease.until, sighting.since + Self.longestTerm))
        if sighting.ranOutAt == nil, end < now { sighting.ranOutAt = now }
        return sighting
    }

    /// The longest lease that the configuration takes.
    private static let longestTerm = Duration.seconds(3600)

    private func isAbandoned(_ sighting: Sighting) -> Bool {
        guard let ranOutAt = sighting.ranOutAt, let writes else { return false }
        return writes.last >= max(writes.first, ranOutAt) + patience
    }
}

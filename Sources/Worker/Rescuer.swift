import Glibc
import Logging
import QueueCore
import Telemetry

/// Gives back what dead and stuck workers held, in four steps: look whose leases nobody looks after,
/// take them over in the store, kill what is left of their processes, end the attempts.
///
/// The store comes before the kill: from then on whoever had the lease can neither renew it nor
/// write what became of its handler, so that what is killed here is charged to nobody. The job stays
/// leased meanwhile, and never runs twice at a time.
///
/// A part of the work loop's state, used by the loop alone. Only the killing happens beside it: it
/// may take seconds, and the loop goes on to renew, claim and start.
struct Rescuer: Sendable {
    /// Kills what is left of attempts; its answer comes within seconds.
    typealias Killer = @Sendable ([AttemptToken]) async -> OrphanSweep

    let store: any QueueStore
    let stateFolder: String
    let clocks: Clocks
    /// This worker, which is not dead while it asks.
    let own: WorkerID
    let lease: Duration
    let inbox: Inbox
    let logger: Logger
    let metrics: WorkerMetrics
    let killAll: Killer

    private var watch: LeaseWatch
    private let liveness: LivenessWatch
    /// What this worker has taken over and not ended yet.
    private var seized: [AttemptToken: Seizure] = [:]
    /// What is being killed now; empty when nothing is.
    private var sweeping: Set<AttemptToken> = []
    private var nextSweep = MonotonicTime(rawValue: .min)
    /// Rows that cannot be changed because somebody's hand was in them; each was told of.
    private var refused: Set<AttemptToken> = []

    private struct Seizure: Sendable {
        let orphan: OrphanedAttempt
        var remains = Remains.unknown
        var killed: [KilledProcess] = []
    }

    /// What is left of an attempt's processes.
    private enum Remains {
        /// Nobody has looked yet.
        case unknown
        case nothing
        /// It does not die; whether that was told.
        case something(isTold: Bool)
    }

    init(
        store: any QueueStore,
        stateFolder: String,
        clocks: Clocks,
        own: WorkerID,
        lease: Duration,
        inbox: Inbox,
        logger: Logger,
        metrics: WorkerMetrics,
        killAll: @escaping Killer
    ) {
        self.store = store
        self.stateFolder = stateFolder
        self.clocks = clocks
        self.own = own
        self.lease = lease
        self.inbox = inbox
        self.logger = logger
        self.metrics = metrics
        self.killAll = killAll
        watch = LeaseWatch(term: lease, bootID: clocks.bootID)
        liveness = LivenessWatch(own: own, stateFolder: stateFolder, clocks: clocks)
    }

    // MARK: Leases of its own

    /// How often the loop is to write to the store.
    var heartbeatInterval: Duration { watch.heartbeatInterval }

    /// What this worker holds to end it, and has to renew like all it holds.
    var tokens: [AttemptToken] { Array(seized.keys) }

    mutating func noteWrite(from start: MonotonicTime, to end: MonotonicTime) {
        watch.noteWrite(from: start, to: end)
    }

    mutating func noteFailedWrite() {
        watch.noteFailedWrite()
    }

    /// Lets go of what another worker has taken over in turn.
    mutating func forget(_ lost: Set<AttemptToken>) {
        for token in lost { seized[token] = nil }
    }

    // MARK: Taking over

    /// Takes over what nobody looks after, and notes what dead workers were routing.
    ///
    /// - Throws: what keeps the store from it; the next look goes on.
    mutating func takeOver() async throws(StoreError) {
        let now = clocks.monotonic()
        let leases = try await store.leases().filter { seized[$0.token] == nil }
        let liveness = liveness
        let orphans = watch.orphans(among: leases, at: now) { liveness.lives($0) }
        refused.formIntersection(leases.map(\.token) + seized.keys)
        let taken = try await seize(orphans)
        for orphan in orphans where taken.contains(orphan.token) {
            seized[orphan.token] = Seizure(orphan: orphan)
            guard orphan.cause == .leaseRanOut else { continue }
            let names = await names(of: orphan)
            logger.warning(
                "a worker that lives does not renew a lease: its job is taken over",
                metadata: names
            )
        }
        try await retireDead()
    }

    private mutating func seize(
        _ orphans: [OrphanedAttempt]
    ) async throws(StoreError) -> Set<AttemptToken> {
        do throws(StoreError) {
            return try await store.seize(orphans, by: own, lease: lease)
        } catch {
            guard case .refused = error else { throw error }
        }
        // Somebody's hand was in a row: it keeps no other from being given back.
        var taken: Set<AttemptToken> = []
        for orphan in orphans {
            do throws(StoreError) {
                taken.formUnion(try await store.seize([orphan], by: own, lease: lease))
            } catch {
                try await noteRefusal(of: orphan, error)
            }
        }
        return taken
    }

    private mutating func retireDead() async throws(StoreError) {
        let liveness = liveness
        let stateFolder = stateFolder
        let retired = try await store.retireDead(isDead: { !liveness.lives($0) }) { worker in
            WorkerLock.wasRouting(stateFolder: stateFolder, worker: worker)
        }
        for worker in retired {
            WorkerLock.remove(stateFolder: stateFolder, worker: worker)
            logger.warning("worker died", metadata: ["worker": "\(worker)"])
        }
    }

    // MARK: Killing

    /// Has what is left of the attempts killed, beside the loop, unless that is under way.
    ///
    /// One look for all of them; what did not die is looked for again after a pause.
    mutating func sweep() {
        guard sweeping.isEmpty else { return }
        let isDue = clocks.monotonic() >= nextSweep
        let tokens = seized.filter { seizure in
            switch seizure.value.remains {
            case .unknown: true
            case .nothing: false
            case .something: isDue
            }
        }.map(\.key)
        guard !tokens.isEmpty else { return }
        sweeping = Set(tokens)
        // The loop's, which finds its end in the inbox; it has a deadline of its own. When the
        // worker ends before, the next one goes on.
        Task(executorPreference: globalConcurrentExecutor) { [inbox, killAll] in
            inbox.end(sweep: await killAll(tokens))
        }
    }

    /// Notes what was killed, and what does not die.
    mutating func note(_ sweep: OrphanSweep) {
        for token in sweeping {
            guard var seizure = seized[token] else { continue }
            seizure.killed += sweep.killed.filter { $0.attempt == token }
            if !sweep.remaining.contains(token) {
                seizure.remains = .nothing
            } else if case .unknown = seizure.remains {
                seizure.remains = .something(isTold: false)
            }
            seized[token] = seizure
        }
        sweeping = []
        nextSweep = clocks.monotonic() + Self.pause
    }

    /// Between two looks for what does not die: a disk that hangs, hangs for long.
    private static let pause = Duration.seconds(5)

    // MARK: Ending

    /// Ends the attempts of which nothing is left.
    ///
    /// - Throws: what keeps the store from it; the next look goes on.
    mutating func endSwept() async throws(StoreError) {
        var gone: [OrphanedAttempt] = []
        for (token, seizure) in seized.sorted(by: { $0.key.job < $1.key.job }) {
            switch seizure.remains {
            case .unknown, .something(isTold: true):
                break
            case .nothing:
                gone.append(seizure.orphan)
            case .something(isTold: false):
                seized[token]?.remains = .something(isTold: true)
                let names = await names(of: seizure.orphan)
                logger.error(
                    "what is left of an attempt does not die, its job waits",
                    metadata: names
                )
            }
        }
        guard !gone.isEmpty else { return }
        do throws(StoreError) {
            try await lose(gone)
            return
        } catch {
            guard case .refused = error else { throw error }
        }
        for orphan in gone {
            do throws(StoreError) {
                try await lose([orphan])
            } catch {
                try await noteRefusal(of: orphan, error)
            }
        }
    }

    private mutating func lose(_ gone: [OrphanedAttempt]) async throws(StoreError) {
        let results = try await store.lose(gone.map(\.token), by: own)
        for (orphan, result) in zip(gone, results) {
            let killed = seized.removeValue(forKey: orphan.token)?.killed ?? []
            guard case .written(let state) = result else { continue }
            ResultFile.remove(of: orphan.token, stateFolder: stateFolder)
            metrics.attemptsLost.add()
            var names = await names(of: orphan)
            names["job.state"] = "\(state.rawValue)"
            names["error"] = "\(orphan.error)"
            let processes = killed.map { "\($0.name) (pid \($0.pid))" }
            if !processes.isEmpty { names["killed"] = "\(processes.joined(separator: ", "))" }
            logger.warning("attempt lost", metadata: names)
        }
    }

    // MARK: Telling

    /// - Throws: what is no refusal.
    private mutating func noteRefusal(
        of orphan: OrphanedAttempt,
        _ error: StoreError
    ) async throws(StoreError) {
        guard case .refused = error else { throw error }
        guard refused.insert(orphan.token).inserted else { return }
        var names = await names(of: orphan)
        names["error"] = "\(error)"
        logger.error("an attempt cannot be given back", metadata: names)
    }

    /// What names an attempt in every line about it: whoever looks for one id finds its story.
    private func names(of orphan: OrphanedAttempt) async -> Logger.Metadata {
        let token = orphan.token
        var names: Logger.Metadata = [
            "token": "\(token)", "job.id": "\(token.job)", "attempt": "\(token.attempt)",
            "worker": "\(orphan.worker)",
        ]
        // A store that fails just now is told of by the loop, and the line is not lost for it.
        guard let job = try? await store.records(.job(token.job)).first else { return names }
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

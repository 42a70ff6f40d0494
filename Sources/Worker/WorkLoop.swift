import Doorbell
import Logging
import Program
import QueueCore
import Routing
import Settings
import Synchronization
import Telemetry

/// The worker's one loop: rescue, route, record, claim, start; then wait for news.
///
/// Handlers run on threads and tasks of their own and report to the inbox, so all state is used from
/// here alone.
final class WorkLoop: Sendable {
    private let id: WorkerID
    private let lock: WorkerLock
    private let store: any QueueStore
    private let inbox: Inbox
    private let clocks: Clocks
    private let logger: Logger
    let storeID: String
    /// What counts now; changed by the loop alone, between two looks.
    private let current: Mutex<Rules>
    /// What counted before, and still has attempts.
    private let retired = Mutex<[RetiredRules]>([])
    /// As it is before the first look.
    private let rescuer: Rescuer
    private let doorbell: Doorbell
    private let slots: Int
    private let lease: Duration
    private let metrics: WorkerMetrics
    private let standing: WorkerStanding
    private let giteaReports: GiteaReports
    /// Beats whenever the loop comes round.
    let pulse = Pulse()

    init(
        id: WorkerID,
        lock: WorkerLock,
        configuration: Configuration,
        store: any QueueStore,
        inbox: Inbox,
        clocks: Clocks,
        metrics: WorkerMetrics,
        standing: WorkerStanding,
        logger: Logger
    ) async throws {
        self.id = id
        self.lock = lock
        self.store = store
        self.inbox = inbox
        self.clocks = clocks
        self.metrics = metrics
        self.standing = standing
        self.logger = logger
        giteaReports = GiteaReports(questions: metrics.giteaQuestions) { incident in
            do {
                try await store.record(incident)
            } catch {
                // It was logged when it happened; the job goes on.
                logger.warning("incident not recorded", metadata: ["error": "\(error)"])
            }
        }
        let uuid = try await store.uuid()
        let (storePath, folder) = (configuration.store, configuration.stateFolder)
        storeID = uuid
        slots = configuration.worker.slots
        lease = configuration.worker.lease
        rescuer = Rescuer(
            store: store,
            stateFolder: configuration.stateFolder,
            clocks: clocks,
            own: id,
            lease: lease,
            inbox: inbox,
            logger: logger,
            metrics: metrics
        ) { attempts in
            let processes = OrphanedProcesses(
                attempts: attempts,
                storeID: uuid,
                storePath: storePath,
                stateFolder: folder
            )
            return await processes.killAll()
        }
        doorbell = try Doorbell(stateFolder: configuration.stateFolder)
        // The last, because from here on there is something to close, which `run` does.
        current = Mutex(
            Rules(
                configuration,
                try HandlerRunners(
                    configuration: configuration,
                    storeID: storeID,
                    clocks: clocks,
                    inbox: inbox,
                    reports: giteaReports,
                    logger: logger
                )
            )
        )
    }

    private var rules: Rules { current.withLock(\.self) }

    /// Every http handler, and whether its breaker is open.
    var openBreakers: [HandlerName: Bool] { rules.runners.openBreakers }

    /// Goes by another configuration from the next look on; called by one at a time.
    ///
    /// Jobs that were made keep their handlers' names, attempts the rules they started under.
    ///
    /// - Throws: what is wrong with it; nothing changes then.
    func follow(_ configuration: Configuration) throws {
        let runners = try HandlerRunners(
            configuration: configuration,
            storeID: storeID,
            clocks: clocks,
            inbox: inbox,
            reports: giteaReports,
            logger: logger,
            after: rules.runners
        )
        // One that was not even taken has started nothing.
        if let untaken = inbox.follow(Rules(configuration, runners)) {
            retired.withLock { $0.append(RetiredRules(rules: untaken, running: [])) }
        }
    }

    /// What the loop remembers between two looks.
    private struct State {
        var running: [AttemptToken: RunningAttempt] = [:]
        /// Of these, what another worker has taken over, and was told.
        var lost: Set<AttemptToken> = []
        var rescuer: Rescuer
        /// Ends that the store has not taken yet: kept until it does.
        var unrecorded: [AttemptEnd] = []
        var leasesRenewed: MonotonicTime
        /// Others may have taken this worker for dead.
        var isInDoubt = false
        /// They have.
        var isRetired = false
        var stage = StopStage.working
        var storeIsInTrouble = false
        /// What became of jobs whose handlers they do not know was not told yet.
        var hasNewRules = false
        /// What the store was told last.
        var breakers = "{}"

        /// Told to stop, and nothing is left to do.
        ///
        /// Told to stop at once, what a store in trouble does not take is left to the rescuer.
        var isFinished: Bool {
            switch stage {
            case .working: false
            case .draining: running.isEmpty && unrecorded.isEmpty
            case .stoppingHandlers, .killingHandlers:
                running.count == unrecorded.count && (unrecorded.isEmpty || storeIsInTrouble)
            }
        }
    }

    /// Works until told to stop and every handler has ended.
    ///
    /// - Throws: what the store cannot recover from; the handlers are killed then, and their jobs
    ///   are given back by whoever finds this worker's lock free.
    func run() async throws {
        do {
            try await work()
        } catch {
            await closeAll()
            throw error
        }
        await closeAll()
    }

    private func closeAll() async {
        let old = retired.withLock { retired in
            defer { retired = [] }
            return retired.map(\.rules)
        }
        for rules in [rules] + old { await rules.runners.close() }
    }

    /// Closes rules that came when nobody took them any more.
    func closeUntaken() async {
        await inbox.take().rules?.runners.close()
        for old in retired.withLock(\.self) { await old.rules.runners.close() }
    }

    private func work() async throws {
        var state = State(rescuer: rescuer, leasesRenewed: clocks.monotonic())
        try await warnOfUnknownHandlers()
        do {
            // Before anything is routed: what took the last worker down must be known.
            try await rescueFirst(&state)
            for await _ in inbox.arrivals {
                try await step(&state)
                guard state.isFinished else { continue }
                if state.isRetired { throw Self.retirement }
                return
            }
        } catch {
            killAll(state)
            throw error
        }
        // Cancelled, because another part of the worker failed.
        killAll(state)
    }

    private func killAll(_ state: State) {
        for attempt in state.running.values { attempt.control?.stop(.shutdown, kill: true) }
    }

    /// Others hold its leases now; whoever supervises it starts it anew under another name.
    private static let retirement = Failure(
        .internal,
        "another worker took this one for dead, because its lock file was missing, and has its jobs",
        hint: "Nothing is lost, and it may be started again at once. Leave the folder `workers` "
            + "beside the store alone while workers run."
    )

    private func rescueFirst(_ state: inout State) async throws(StoreError) {
        do throws(StoreError) {
            try await state.rescuer.takeOver()
        } catch {
            // The ticks try again.
            guard error.isTransient else { throw error }
            logger.error("the store is in trouble", metadata: ["error": "\(error)"])
        }
        // Nobody waits for that.
        state.rescuer.sweep()
    }

    /// Jobs of a handler that left the configuration wait, and hold their lanes; nobody would know.
    private func warnOfUnknownHandlers() async throws(StoreError) {
        let runners = rules.runners
        for (handler, count) in try await store.readyJobs() where !runners.knows(handler) {
            logger.warning(
                "jobs wait for a handler that is not configured",
                metadata: ["handler": "\(handler)", "jobs": "\(count)"]
            )
        }
    }

    private func step(_ state: inout State) async throws {
        pulse.beat()
        let news = inbox.take()
        for end in news.ended { noteEnd(end, state) }
        state.unrecorded += news.ended
        stopHandlers(&state, stage: news.stop)
        if let rules = news.rules { takeOver(rules, &state) }
        if let sweep = news.sweep { state.rescuer.note(sweep) }
        state.isInDoubt = state.isInDoubt || news.isInDoubt
        do throws(StoreError) {
            if state.hasNewRules {
                try await warnOfUnknownHandlers()
                state.hasNewRules = false
            }
            try await keepLeases(&state)
            if state.stage == .working, news.isTick {
                try await stopCancelled(state)
                try await state.rescuer.takeOver()
            }
            try await state.rescuer.endSwept()
            if state.stage == .working { state.rescuer.sweep() }
            let routed = state.stage == .working && news.isRung ? try await decideWaiting() : []
            try await exchange(&state, routed, isRung: news.isRung)
            try await exchangeBreakers(&state, isTick: news.isTick)
            await closeRetired(state)
            if state.storeIsInTrouble {
                state.storeIsInTrouble = false
                logger.info("the store works again")
            }
            standing.cameRound(trouble: nil, isStopping: state.stage > .working)
        } catch {
            guard error.isTransient else { throw error }
            standing.cameRound(trouble: error, isStopping: state.stage > .working)
            // Nothing is lost: what was not recorded is tried again at the next look.
            if !state.storeIsInTrouble {
                state.storeIsInTrouble = true
                logger.error("the store is in trouble", metadata: ["error": "\(error)"])
            }
        }
    }

    /// From here on the new rules count: for what is decided, what is claimed and what starts.
    private func takeOver(_ rules: Rules, _ state: inout State) {
        let old = current.withLock { current in
            defer { current = rules }
            return current
        }
        let running = Set(state.running.keys)
        retired.withLock { $0.append(RetiredRules(rules: old, running: running)) }
        metrics.follow(handlers: rules.handlers)
        state.hasNewRules = true
        logger.info(
            "configuration reloaded",
            metadata: [
                "routes": "\(rules.configuration.routes.count)",
                "handlers": "\(rules.configuration.handlers.map(\.name).joined(separator: ","))",
            ]
        )
    }

    /// Closes what rules of before have open, once nothing that started under them runs.
    private func closeRetired(_ state: State) async {
        let over = retired.withLock { retired in
            let isOver = { (rules: RetiredRules) in
                !rules.running.contains { state.running[$0] != nil }
            }
            defer { retired.removeAll(where: isOver) }
            return retired.filter(isOver)
        }
        // Nothing is under way on their connections: this is a matter of microseconds.
        for retired in over { await retired.rules.runners.close() }
    }

    /// When it ended, not when the store took that.
    private func noteEnd(_ end: AttemptEnd, _ state: State) {
        guard let attempt = state.running[end.token] else { return }
        metrics.attemptSeconds.observe(
            attempt.startedAt.duration(to: .now),
            of: attempt.job.handler
        )
    }

    // MARK: Stopping

    private func stopHandlers(_ state: inout State, stage: StopStage) {
        guard stage > state.stage else { return }
        if state.stage == .working {
            logger.info("stopping", metadata: ["running": "\(state.running.count)"])
        }
        state.stage = stage
        guard stage >= .stoppingHandlers else { return }
        for attempt in state.running.values {
            attempt.control?.stop(.shutdown, kill: stage == .killingHandlers)
        }
    }

    // MARK: Leases

    private func keepLeases(_ state: inout State) async throws(StoreError) {
        let now = clocks.monotonic()
        let isDue = now >= state.leasesRenewed + state.rescuer.heartbeatInterval
        guard isDue || state.isInDoubt else { return }
        FaultPoint.renewing.reach()
        let tokens = state.running.keys + state.rescuer.tokens
        let renewed: Extension
        do throws(StoreError) {
            renewed = try await store.extend(tokens, worker: id, lease: lease)
        } catch {
            state.rescuer.noteFailedWrite()
            throw error
        }
        state.rescuer.noteWrite(from: now, to: clocks.monotonic())
        state.leasesRenewed = now
        state.isInDoubt = false
        for token in tokens where !renewed.lost.contains(token) {
            state.running[token]?.lease.renew(until: now + lease)
        }
        stopLost(renewed.lost, &state)
        for token in renewed.cancelRequested {
            state.running[token]?.control?.stop(.cancelled, kill: false)
        }
        if renewed.isRetired, !state.isRetired {
            state.isRetired = true
            logger.error("this worker was taken for dead, killing its handlers")
            stopHandlers(&state, stage: .killingHandlers)
        }
    }

    /// Stops at once what another worker has taken over: it waits for that to be gone.
    private func stopLost(_ lost: Set<AttemptToken>, _ state: inout State) {
        state.rescuer.forget(lost)
        for token in lost {
            guard let attempt = state.running[token], state.lost.insert(token).inserted else {
                continue
            }
            metrics.leasesLost.add()
            logger.warning(
                "lease lost, killing the handler",
                metadata: Self.metadata(of: attempt.job)
            )
            attempt.control?.stop(.leaseLost, kill: true)
        }
    }

    /// What an operator cancels stops within a tick, not with the next renewal.
    private func stopCancelled(_ state: State) async throws(StoreError) {
        guard !state.running.isEmpty else { return }
        for token in try await store.cancelRequests(of: id) {
            state.running[token]?.control?.stop(.cancelled, kill: false)
        }
    }

    // MARK: Routing

    /// A delivery, and what is to become of it.
    private typealias Routed = (delivery: WaitingDelivery, decision: Decision)

    /// Decides about one batch.
    ///
    /// There may be more than a lease is long: so the rest waits for the next look, after leases,
    /// outcomes and claims had their turn.
    private func decideWaiting() async throws(StoreError) -> [Routed] {
        let waiting = try await store.waitingToBeRouted(atMost: Self.routingBatch)
        guard !waiting.isEmpty else { return [] }
        lock.note(routing: waiting.map(\.target))
        let rules = rules
        let decisions = waiting.map { delivery in
            // One that is not decoded any more is safe.
            if delivery.tries < Limits.routingTriesMost {
                FaultPoint.routing.reach(delivery.id.rawValue)
            }
            return rules.router.decide(delivery)
        }
        lock.note(routing: [])
        return Array(zip(waiting, decisions))
    }

    /// Tells of what was written.
    private func note(_ result: RoutingResult, of routed: [Routed]) {
        guard !routed.isEmpty else { return }
        // More may wait; and of a stale batch, all that the other router left.
        inbox.ring()
        guard case .decided(let written) = result else { return }
        if written.contains(where: { !$0.jobs.isEmpty }) { doorbell.ring(except: id.rawValue) }
        for ((delivery, _), decision) in zip(routed, written) {
            metrics.verdicts.add(to: decision.verdict)
            log(delivery, decision.verdict.rawValue, reason: decision.reason)
        }
    }

    private func log(_ delivery: WaitingDelivery, _ verdict: String, reason: String?) {
        var metadata: Logger.Metadata = [
            "delivery.id": "\(delivery.id)", "delivery.seq": "\(delivery.target.delivery)",
            "event.type": "\(delivery.eventType)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        logger.info("delivery \(verdict)", metadata: metadata)
    }

    /// Deliveries decided in one transaction: enough to make its commit cheap, few enough that
    /// the ingress never waits long for its turn.
    ///
    /// Measured with the ingress at full load beside: 64 gave it a p99 a quarter higher, and the
    /// worker fewer jobs.
    private static let routingBatch = 16

    // MARK: Jobs

    /// Records what was decided and what ended, claims what there is room for, and starts it: one
    /// commit between a delivery that waits and the handler that runs.
    private func exchange(
        _ state: inout State,
        _ routed: [Routed],
        isRung: Bool
    ) async throws(StoreError) {
        let ends = Self.batch(of: state.unrecorded)
        guard isRung || !ends.isEmpty else { return }
        let free = state.stage == .working ? slots - state.running.count + ends.count : 0
        guard free > 0 || !ends.isEmpty || !routed.isEmpty else { return }
        if !ends.isEmpty { FaultPoint.ended.reach() }
        let exchange = try await store.exchange(
            ends,
            for: ClaimRequest(slots: free, concurrency: rules.runners.limits, lease: lease),
            worker: id,
            deciding: routed.map(\.decision)
        )
        state.unrecorded.removeFirst(ends.count)
        if !state.unrecorded.isEmpty { inbox.ring() }
        note(exchange.routing, of: routed)
        note(exchange.ends, of: ends, &state)
        start(exchange.claimed, &state)
        if exchange.isCutShort { inbox.ring() }
    }

    /// As many as fit into one commit, at least one.
    private static func batch(of ends: [AttemptEnd]) -> [AttemptEnd] {
        var bytes = 0
        return Array(
            ends.prefix { end in
                defer { bytes += end.output?.kept.count ?? 0 }
                return bytes < Limits.batchBytes
            }
        )
    }

    /// Lets go of attempts whose end was written, or refused.
    private func note(_ results: [EndResult], of ends: [AttemptEnd], _ state: inout State) {
        for (end, result) in zip(ends, results) {
            let wasTold = state.lost.remove(end.token) != nil
            if let attempt = state.running.removeValue(forKey: end.token) {
                // One loss is one line, and counts once.
                if result == .leaseLost, wasTold { continue }
                log(end, result, attempt.job)
            }
        }
    }

    private func start(_ claimed: [ClaimedJob], _ state: inout State) {
        let runners = rules.runners
        if !claimed.isEmpty { FaultPoint.claimed.reach() }
        for job in claimed {
            metrics.claims.add(to: job.handler)
            logger.info("attempt starts", metadata: Self.metadata(of: job))
            state.running[job.token] = runners.start(job)
        }
        metrics.slotsUsed.set(state.running.count)
    }

    /// Shows people which handlers cannot be reached, and does what they made of that.
    ///
    /// An operator closes a breaker by taking it out of what this worker showed.
    private func exchangeBreakers(
        _ state: inout State,
        isTick: Bool
    ) async throws(StoreError) {
        let before = state.breakers
        let breakers = rules.runners.breakers
        let shown: String
        if breakers != before {
            shown = try await store.report(breakers: breakers, of: id)
            state.breakers = breakers
        } else if isTick, before != "{}" {
            shown = try await store.breakers(of: id)
        } else {
            return
        }
        let closed = OpenBreaker.handlers(in: before).subtracting(OpenBreaker.handlers(in: shown))
        guard !closed.isEmpty else { return }
        rules.runners.closeBreakers(of: closed)
        // So that the closing is shown as done, whatever comes of it.
        state.breakers = shown
        inbox.ring()
    }

    /// What names an attempt in every line about it: whoever looks for one id finds its story.
    private static func metadata(of job: ClaimedJob) -> Logger.Metadata {
        [
            "delivery.id": "\(job.delivery.id)", "job.id": "\(job.token.job)",
            "attempt": "\(job.token.attempt)", "route": "\(job.route)",
            "handler": "\(job.handler)",
        ]
    }

    private func log(_ end: AttemptEnd, _ result: EndResult, _ job: ClaimedJob) {
        var metadata = Self.metadata(of: job)
        if let error = end.error { metadata["error"] = "\(error)" }
        switch result {
        case .leaseLost:
            metrics.leasesLost.add()
            logger.warning("outcome refused: another attempt stands", metadata: metadata)
        case .written(let jobState):
            metrics.attempts.add(to: job.handler, WorkerMetrics.End(end.outcome))
            metadata["outcome"] = "\(WorkerMetrics.End(end.outcome).rawValue)"
            logger.log(
                level: Self.level(of: end.outcome),
                "job \(jobState == .ready ? "runs again" : jobState.rawValue)",
                metadata: metadata
            )
        }
    }
}

extension WorkLoop {
    fileprivate static func level(of outcome: Outcome) -> Logger.Level {
        switch outcome {
        case .done, .snooze, .released, .cancelled: .info
        case .retry: .warning
        case .dead: .error
        }
    }
}

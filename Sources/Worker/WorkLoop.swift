import Doorbell
import Logging
import QueueCore
import Routing
import Settings

/// The worker's one loop: rescue, route, record, claim, start; then wait for news.
///
/// Handlers run on threads of their own and report to the inbox, so all state is used from here
/// alone.
final class WorkLoop: Sendable {
    private let id: WorkerID
    private let store: any QueueStore
    private let inbox: Inbox
    private let clocks: Clocks
    private let logger: Logger
    private let router: Router
    private let runner: ExecRunner
    private let rescuer: Rescuer
    private let doorbell: Doorbell
    private let slots: Int
    private let concurrency: [HandlerName: Int]

    init(
        id: WorkerID,
        configuration: Configuration,
        store: any QueueStore,
        inbox: Inbox,
        clocks: Clocks,
        logger: Logger
    ) async throws {
        self.id = id
        self.store = store
        self.inbox = inbox
        self.clocks = clocks
        self.logger = logger
        let storeID = try await store.uuid()
        router = Router(routes: configuration.routes)
        runner = try ExecRunner(
            handlers: configuration.handlers,
            stateFolder: configuration.stateFolder,
            storeID: storeID,
            clocks: clocks,
            inbox: inbox
        )
        rescuer = Rescuer(
            store: store,
            stateFolder: configuration.stateFolder,
            storeID: storeID,
            own: id,
            logger: logger
        )
        doorbell = try Doorbell(stateFolder: configuration.stateFolder)
        slots = configuration.worker.slots
        concurrency = Dictionary(
            uniqueKeysWithValues: configuration.handlers.map {
                (HandlerName(rawValue: $0.name), $0.concurrency)
            }
        )
    }

    /// What the loop remembers between two looks.
    private struct State {
        var running: [AttemptToken: RunningAttempt] = [:]
        /// Ends that the store has not taken yet: kept until it does.
        var unrecorded: [AttemptEnd] = []
        var leasesRenewed: MonotonicTime
        var stage = StopStage.working
        var storeIsInTrouble = false

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
        var state = State(leasesRenewed: clocks.monotonic())
        try await warnOfUnknownHandlers()
        do {
            for await _ in inbox.arrivals {
                try await step(&state)
                if state.isFinished { return }
            }
        } catch {
            for attempt in state.running.values { attempt.control?.stop(.shutdown, kill: true) }
            throw error
        }
    }

    /// Jobs of a handler that left the configuration wait, and hold their lanes; nobody would know.
    private func warnOfUnknownHandlers() async throws {
        for (handler, count) in try await store.readyJobs() where concurrency[handler] == nil {
            logger.warning(
                "jobs wait for a handler that is not configured",
                metadata: ["handler": "\(handler)", "jobs": "\(count)"]
            )
        }
    }

    private func step(_ state: inout State) async throws {
        let news = inbox.take()
        state.unrecorded += news.ended
        stopHandlers(&state, stage: news.stop)
        do throws(StoreError) {
            try await keepLeases(&state)
            if state.stage == .working {
                if news.isTick { try await rescuer.rescue() }
                if news.isRung { try await route() }
            }
            try await exchange(&state, isRung: news.isRung)
            if state.storeIsInTrouble {
                state.storeIsInTrouble = false
                logger.info("the store works again")
            }
        } catch {
            guard error.isTransient else { throw error }
            // Nothing is lost: what was not recorded is tried again at the next look.
            if !state.storeIsInTrouble {
                state.storeIsInTrouble = true
                logger.error("the store is in trouble", metadata: ["error": "\(error)"])
            }
        }
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
        guard now >= state.leasesRenewed + Limits.lease / 3 else { return }
        let renewed = try await store.extend(Array(state.running.keys), worker: id)
        state.leasesRenewed = now
        for token in renewed.lost {
            logger.warning("lease lost, stopping the handler", metadata: ["token": "\(token)"])
            state.running[token]?.control?.stop(.leaseLost, kill: false)
        }
        for token in renewed.cancelRequested {
            state.running[token]?.control?.stop(.cancelled, kill: false)
        }
    }

    // MARK: Routing

    /// Routes one batch.
    ///
    /// There may be more than a lease is long: so the rest waits for the next look, after leases,
    /// outcomes and claims had their turn.
    private func route() async throws(StoreError) {
        let waiting = try await store.waitingToBeRouted(atMost: Self.routingBatch)
        guard !waiting.isEmpty else { return }
        let decisions = waiting.map(router.decide)
        let result = try await store.decide(decisions)
        inbox.ring()
        guard case .decided(let jobs) = result else { return }
        if !jobs.isEmpty { doorbell.ring(except: id.rawValue) }
        for (delivery, decision) in zip(waiting, decisions) {
            var metadata: Logger.Metadata = [
                "delivery.id": "\(delivery.id)",
                "delivery.seq": "\(delivery.target.delivery)",
                "event.type": "\(delivery.eventType)",
                "jobs": "\(decision.jobs.count)",
            ]
            if let reason = decision.reason { metadata["reason"] = "\(reason)" }
            logger.info("delivery \(decision.verdict.rawValue)", metadata: metadata)
        }
    }

    /// Deliveries decided in one transaction: enough to make its commit cheap, few enough that
    /// the ingress never waits long for its turn.
    private static let routingBatch = 64

    // MARK: Jobs

    /// Records what ended, claims what there is room for, and starts it.
    private func exchange(_ state: inout State, isRung: Bool) async throws(StoreError) {
        let ends = state.unrecorded
        guard isRung || !ends.isEmpty else { return }
        let free = state.stage == .working ? slots - state.running.count + ends.count : 0
        guard free > 0 || !ends.isEmpty else { return }
        let (results, claimed) = try await store.exchange(
            ends,
            for: ClaimRequest(slots: free, concurrency: concurrency),
            worker: id
        )
        state.unrecorded.removeAll()
        for (end, result) in zip(ends, results) {
            if let attempt = state.running.removeValue(forKey: end.token) {
                log(end, result, attempt.job)
            }
        }
        for job in claimed { state.running[job.token] = runner.start(job) }
    }

    private func log(_ end: AttemptEnd, _ result: EndResult, _ job: ClaimedJob) {
        var metadata: Logger.Metadata = [
            "job.id": "\(end.token.job)", "attempt": "\(end.token.attempt)",
            "handler": "\(job.handler)", "delivery.id": "\(job.delivery.id)",
        ]
        if let error = end.error { metadata["error"] = "\(error)" }
        switch result {
        case .leaseLost:
            logger.warning("outcome refused: another attempt stands", metadata: metadata)
        case .written(let jobState):
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

/// A handler that runs now.
struct RunningAttempt: Sendable {
    var job: ClaimedJob
    /// Nil when it never began: its end is in the inbox.
    var control: AttemptControl?
}

import DequeModule
import Dispatch
import Doorbell
import Glibc
import Logging
import NIOCore
import Program
import QueueCore
import Synchronization
import Telemetry

/// Group commit without timers: while one commit is on its way to disk the next batch gathers, and
/// each request waits for the commit that holds its delivery.
///
/// Requests come from the event loop, commits run on the store's thread. A delivery stays in the
/// buffer, where it can still be withdrawn, until the write lock is held.
///
/// With a spool, what the store did not take within its budget is appended there instead, and from
/// then on everything is, until the store has taken all of it (GroupCommit+Recovery.swift).
final class GroupCommit: Sendable {
    /// Names a submitted delivery, to withdraw it.
    struct Ticket: Hashable {
        fileprivate var number: UInt64
    }

    /// Whether a delivery was stored, told on the event loop.
    enum Outcome: Sendable {
        case stored(Acceptance)
        /// It is in the spool, synced, and will be imported.
        case spooled
        /// Why not, for the client.
        case failed(reason: String)
    }

    struct Waiting: Sendable {
        var ticket: Ticket
        var since: NIODeadline
        var delivery: Delivery
        var answer: @Sendable (Outcome) -> Void
    }

    /// Since when, and why, deliveries go to the spool.
    struct Detour: Sendable {
        var trouble: StoreTrouble
        var since = NIODeadline.now()
        var spooled = 0
        var imported = 0
        var refused = 0
    }

    /// What the spool's thread reads for the store's.
    enum Reading: Sendable {
        case idle
        /// The thread is at it, or settles what was imported before.
        case busy
        case ready(SpoolFile.Batch)
    }

    /// What became of the incidents that the process before this one left.
    enum LeftState {
        case unread
        /// Among what is to be written.
        case taken
        case nothing
    }

    struct State {
        var nextTicket: UInt64 = 0
        /// For the store.
        var gathering: Deque<Waiting> = []
        /// Taken by the commit that runs now.
        var committing: [Waiting] = []
        /// For the spool.
        var spooling: Deque<Waiting> = []
        /// Taken by the append that runs now.
        var appending: [Waiting] = []
        var isAppendScheduled = false
        var reading = Reading.idle
        /// Set while new deliveries go to the spool.
        var detour: Detour?
        /// What the last detour counts on until the spool is empty.
        var returning: Detour?
        var nextRecovery = NIODeadline.uptimeNanoseconds(0)
        /// The spool could not be read: order is given up until then, service is not.
        var nextImport = NIODeadline.uptimeNanoseconds(0)
        /// The spool was full: until it is empty, what is new does not wait for what is in it.
        var isOrderGivenUp = false
        var isBound = false
        var whenAppended: [EventLoopPromise<Void>] = []
        var incidents = IncidentBuffer()
        var left = LeftState.unread
        var isRecordingScheduled = false
        var nextRecording = NIODeadline.uptimeNanoseconds(0)
        /// A disk error that nobody was committing to see.
        var brokenBy: StoreError?
        var isFinished = false
        var isOver = false
        var counts = Counts()
    }

    /// What happened since the process began, for whoever shows it.
    struct Counts: Sendable {
        var spooled = 0
        var imported = 0
    }

    /// Beats with each commit, and while the spool stands in for the store.
    let pulse = Pulse()

    let state = Mutex(State())
    let opening: StoreOpening
    let spool: SpoolFile?
    /// Why there is none, although it is configured.
    let spoolTrouble: SpoolError?
    let spoolThread = SpoolThread()
    let eventLoop: any EventLoop
    private let makeDoorbell: @Sendable () throws -> Doorbell
    private let doorbell = Mutex<Doorbell?>(nil)
    let clocks: Clocks
    let logger: Logger
    let deliveryLog: DeliveryLog
    private let metrics: IngressMetrics
    private let refusals: SampledLog
    let recordingTroubles: SampledLog
    let newWork: AsyncStream<Void>.Continuation
    private let work: AsyncStream<Void>
    private let probing: Probing

    init(
        opening: StoreOpening,
        spool: SpoolOpening,
        eventLoop: any EventLoop,
        doorbell: @escaping @Sendable () throws -> Doorbell,
        clocks: Clocks = .system,
        metrics: IngressMetrics = IngressMetrics(),
        logger: Logger
    ) {
        self.opening = opening
        self.spool = spool.file
        spoolTrouble = spool.trouble
        self.eventLoop = eventLoop
        makeDoorbell = doorbell
        self.clocks = clocks
        self.logger = logger
        self.metrics = metrics
        deliveryLog = DeliveryLog(logger)
        refusals = SampledLog(logger, every: IngressLimits.refusalLogInterval)
        recordingTroubles = SampledLog(logger, every: IngressLimits.refusalLogInterval)
        probing = Probing(eventLoop: eventLoop)
        (work, newWork) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var counts: Counts { state.withLock(\.counts) }

    // MARK: The event loop's side

    /// Hands a delivery over; `answer` is called once, on the event loop, unless withdrawn.
    ///
    /// - Returns: nil when too many wait already.
    func submit(
        _ delivery: Delivery,
        answer: @escaping @Sendable (Outcome) -> Void
    ) -> Ticket? {
        let now = NIODeadline.now()
        let isSpoolStuck = spoolThread.isStuck(now)
        let (ticket, isForSpool, recording) = state.withLock {
            state -> (Ticket?, Bool, NIODeadline?) in
            let recording = state.noteGood(delivery)
            let waiting = state.gathering.count + state.spooling.count
            guard waiting < IngressLimits.waitingDeliveries, !state.isFinished else {
                return (nil, false, recording)
            }
            let ticket = Ticket(number: state.nextTicket)
            state.nextTicket += 1
            let one = Waiting(ticket: ticket, since: now, delivery: delivery, answer: answer)
            guard state.detour != nil, !isSpoolStuck else {
                state.gathering.append(one)
                return (ticket, false, recording)
            }
            state.spooling.append(one)
            return (ticket, true, recording)
        }
        if ticket != nil {
            if isForSpool { scheduleAppend() } else { newWork.yield() }
        }
        scheduleRecording(recording)
        return ticket
    }

    /// Takes a delivery back whose request waited too long.
    ///
    /// One that is part of a running append is taken back too: a 503 for a delivery that is stored
    /// later is no false promise, and the spool's disk may hang for ever.
    ///
    /// - Returns: false when it is part of a running commit, whose result must be awaited.
    func withdraw(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            if let place = state.gathering.firstIndex(where: { $0.ticket == ticket }) {
                state.gathering.remove(at: place)
                return true
            }
            if let place = state.spooling.firstIndex(where: { $0.ticket == ticket }) {
                state.spooling.remove(at: place)
                return true
            }
            guard let place = state.appending.firstIndex(where: { $0.ticket == ticket }) else {
                return false
            }
            state.appending.remove(at: place)
            return true
        }
    }

    /// No more is coming: ``run()`` returns when all that waits is stored.
    ///
    /// A store that hangs is not waited for without end: what was acknowledged is on disk.
    func finish() {
        state.withLock { $0.isFinished = true }
        newWork.finish()
        eventLoop.scheduleTask(in: IngressLimits.stop) { [self] in
            guard !state.withLock(\.isOver) else { return }
            logger.warning("stopped without closing the store, which does not answer")
            // Its folder's disk may hang too.
            DispatchQueue.global().async { [self] in
                leaveIncidents()
                ExitStatus.fine.endProcess()
            }
            eventLoop.scheduleTask(in: IngressLimits.lastWrite) { () -> Void in
                ExitStatus.fine.endProcess()
            }
        }
    }

    /// Ends the process for a disk error that was met elsewhere than in a commit, before the next
    /// delivery has to be refused for it.
    func giveUp(on error: StoreError) {
        guard case .inputOutput = error else { return }
        state.withLock { $0.brokenBy = error }
        newWork.yield()
    }

    /// Whether a delivery could be kept now; many askers share one probe.
    func proveReady() -> EventLoopFuture<ReadinessProof> {
        probing.ask(self)
    }

    // MARK: The store's side

    /// Commits until ``finish()``.
    ///
    /// - Throws: a disk error, after everything it touched was answered: a connection that saw one
    ///   is never trusted again, so the process must end.
    func run() async throws(StoreError) {
        let looking = spool.map { _ in
            eventLoop.scheduleRepeatedTask(
                initialDelay: IngressLimits.storeLook,
                delay: IngressLimits.storeLook
            ) { [self] _ in look(now: .now()) }
        }
        defer {
            looking?.cancel()
            leaveIncidents()
            state.withLock { $0.isOver = true }
        }
        report(spool?.leftover)
        // What an earlier process left in the spool.
        newWork.yield()
        for await _ in work {
            try await serve()
        }
        // The stream may end with deliveries that were submitted just before.
        try await serve()
    }

    private func serve() async throws(StoreError) {
        guard let store = try await openedStore() else { return }
        while true {
            guard try await recover(store) else { return }
            guard state.withLock({ !$0.gathering.isEmpty }) else { break }
            try await commitOnce(store)
            // Also while deliveries never stop: who is refused then is what it tells of.
            try await recordIncidents(store)
        }
        try await recordIncidents(store)
        if let error = state.withLock(\.brokenBy) { try await outlive(error) }
    }

    private func commitOnce(_ store: SQLiteStore) async throws(StoreError) {
        pulse.beat()
        do throws(StoreError) {
            let results = try await store.accept { self.takeBatch() }
            FaultPoint.accepted.reach()
            // Empty when it took so long that the spool has answered for them.
            let committed = state.withLock { takeAll(&$0.committing) }
            tell(zip(committed, results).map { ($0, .stored($1)) })
            if results.contains(where: \.isAccepted) { ring() }
            metrics.count(committed.lazy.map(\.delivery), results)
            deliveryLog.stored(committed.lazy.map(\.delivery), results)
        } catch {
            try await outlive(error)
        }
    }

    /// Sees to everybody who waits for a store that failed: the spool takes their deliveries, or
    /// they are refused.
    ///
    /// - Throws: a disk error, when they were told.
    func outlive(_ error: StoreError) async throws(StoreError) {
        if takeDetour(.failed(error)) {
            if case .inputOutput = error { await allAppended() }
        } else {
            let failed = state.withLock { state in
                // Locked by a stranger: nothing was taken, and the lock may be free before the
                // requests give up by themselves. Anything else will not pass so soon.
                if case .busy = error { return takeAll(&state.committing) }
                return takeAll(&state.committing) + takeAll(&state.gathering)
            }
            refuse(failed, StoreTrouble.failed(error).reason, because: "\(error)")
        }
        guard case .inputOutput = error else { return }
        await allTold()
        throw error
    }

    /// Called with the write lock held.
    private func takeBatch() -> [Delivery] {
        state.withLock { state in
            var bytes = 0
            while bytes < Limits.batchBytes, let waiting = state.gathering.popFirst() {
                bytes += waiting.delivery.body.count
                state.committing.append(waiting)
            }
            return state.committing.map(\.delivery)
        }
    }

    /// Tells the workers that there is work.
    func ring() {
        let doorbell = doorbell.withLock { doorbell in
            // Its folder may be missing while the store is. A ring that is lost costs the poll
            // interval.
            if doorbell == nil { doorbell = try? makeDoorbell() }
            return doorbell
        }
        doorbell?.ring()
    }

    // MARK: Answers

    func tell(_ outcomes: [(Waiting, Outcome)]) {
        guard !outcomes.isEmpty else { return }
        eventLoop.execute {
            for (waiting, outcome) in outcomes { waiting.answer(outcome) }
        }
    }

    /// Answers 503, and logs why; which deliveries those are, their requests say.
    ///
    /// The first time and then once every ten seconds: a full disk must not fill the log's too.
    func refuse(_ waiting: [Waiting], _ reason: String, because cause: String) {
        tell(waiting.map { ($0, .failed(reason: reason)) })
        refusals.log(.error, "cannot commit") { ["error": "\(cause)"] }
    }

    /// Waits until the event loop has sent what it was told.
    func allTold() async {
        // An event loop that has ended tells nobody.
        try? await eventLoop.submit {}.get()
    }
}

extension Acceptance {
    fileprivate var isAccepted: Bool {
        switch self {
        case .accepted: true
        case .duplicate, .conflict: false
        }
    }
}

/// Empties a collection and returns what was in it.
func takeAll<Elements: RangeReplaceableCollection>(
    _ elements: inout Elements
) -> [Elements.Element] {
    defer { elements.removeAll() }
    return Array(elements)
}

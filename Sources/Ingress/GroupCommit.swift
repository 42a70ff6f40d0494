import DequeModule
import Doorbell
import Logging
import NIOCore
import QueueCore
import Synchronization

/// Group commit without timers: while one commit is on its way to disk the next batch gathers, and
/// each request waits for the commit that holds its delivery.
///
/// Requests come from the event loop, commits run on the store's thread. A delivery stays in the
/// buffer, where it can still be withdrawn, until the write lock is held.
final class GroupCommit: Sendable {
    /// Names a submitted delivery, to withdraw it.
    struct Ticket: Hashable {
        fileprivate var number: UInt64
    }

    /// Whether a delivery was stored, told on the event loop.
    enum Outcome: Sendable {
        case stored(Acceptance)
        case failed(StoreError)
    }

    private struct Waiting: Sendable {
        var ticket: Ticket
        var delivery: Delivery
        var answer: @Sendable (Outcome) -> Void
    }

    private struct State {
        var nextTicket: UInt64 = 0
        var gathering: Deque<Waiting> = []
        /// Taken by the commit that runs now.
        var committing: [Waiting] = []
        var incidents: [Incident] = []
        var isFinished = false
        var failureLogged = NIODeadline.uptimeNanoseconds(0)
        /// Answered 503 since a failure was last logged.
        var refused = 0
    }

    private let state = Mutex(State())
    private let store: any QueueStore
    private let eventLoop: any EventLoop
    private let doorbell: Doorbell
    private let logger: Logger
    private let work: AsyncStream<Void>
    private let newWork: AsyncStream<Void>.Continuation

    init(store: any QueueStore, eventLoop: any EventLoop, doorbell: Doorbell, logger: Logger) {
        self.store = store
        self.eventLoop = eventLoop
        self.doorbell = doorbell
        self.logger = logger
        (work, newWork) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: The event loop's side

    /// Hands a delivery over; `answer` is called once, on the event loop, unless withdrawn.
    ///
    /// - Returns: nil when too many wait already.
    func submit(
        _ delivery: Delivery,
        answer: @escaping @Sendable (Outcome) -> Void
    ) -> Ticket? {
        let ticket = state.withLock { state -> Ticket? in
            guard state.gathering.count < IngressLimits.waitingDeliveries, !state.isFinished else {
                return nil
            }
            let ticket = Ticket(number: state.nextTicket)
            state.nextTicket += 1
            state.gathering.append(Waiting(ticket: ticket, delivery: delivery, answer: answer))
            return ticket
        }
        newWork.yield()
        return ticket
    }

    /// Takes a delivery back whose request waited too long.
    ///
    /// - Returns: false when it is part of a running commit, whose result must be awaited.
    func withdraw(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            guard let place = state.gathering.firstIndex(where: { $0.ticket == ticket }) else {
                return false
            }
            state.gathering.remove(at: place)
            return true
        }
    }

    /// Notes an incident, to be written between commits.
    func note(_ incident: Incident) {
        state.withLock { state in
            // Counted together: a flood of refused bodies must not become a flood of writes.
            let noted = state.incidents.firstIndex {
                ($0.kind, $0.source, $0.subject)
                    == (incident.kind, incident.source, incident.subject)
            }
            if let noted {
                state.incidents[noted].count += incident.count
            } else {
                state.incidents.append(incident)
            }
        }
        newWork.yield()
    }

    /// No more is coming: ``run()`` returns when all that waits is stored.
    func finish() {
        state.withLock { $0.isFinished = true }
        newWork.finish()
    }

    // MARK: The store's side

    /// Commits until ``finish()``.
    ///
    /// - Throws: a disk error, after everything it touched was answered: a connection that saw one
    ///   is never trusted again, so the process must end.
    func run() async throws(StoreError) {
        for await _ in work {
            try await commitAll()
        }
        // The stream may end with deliveries that were submitted just before.
        try await commitAll()
    }

    private func commitAll() async throws(StoreError) {
        while state.withLock({ !$0.gathering.isEmpty }) {
            try await commitOnce()
        }
        for incident in state.withLock({ takeAll(&$0.incidents) }) {
            do throws(StoreError) {
                try await store.record(incident)
            } catch {
                if case .inputOutput = error { throw error }
                // The request was answered; all that is lost is the count.
                logger.warning(
                    "incident not recorded",
                    metadata: ["incident": "\(incident.kind.rawValue)", "error": "\(error)"]
                )
            }
        }
    }

    private func commitOnce() async throws(StoreError) {
        do throws(StoreError) {
            let results = try await store.accept { self.takeBatch() }
            FaultPoint.accepted.reach()
            let committed = state.withLock { takeAll(&$0.committing) }
            tell(zip(committed, results).map { ($0, .stored($1)) })
            if results.contains(where: \.isAccepted) { doorbell.ring() }
        } catch {
            let failed = state.withLock { state in
                // Locked by a stranger: nothing was taken, and the lock may be free before the
                // requests give up by themselves. Anything else will not pass so soon.
                if case .busy = error { return takeAll(&state.committing) }
                return takeAll(&state.committing) + takeAll(&state.gathering)
            }
            logFailure(error, answered: failed.count)
            tell(failed.map { ($0, .failed(error)) })
            if case .inputOutput = error { throw error }
        }
    }

    /// The first failure and then one every ten seconds: a full disk must not fill the log's too.
    private func logFailure(_ error: StoreError, answered: Int) {
        let toLog = state.withLock { state -> Int? in
            state.refused += answered
            let now = NIODeadline.now()
            guard now >= state.failureLogged + IngressLimits.refusalLogInterval else { return nil }
            state.failureLogged = now
            defer { state.refused = 0 }
            return state.refused
        }
        guard let toLog else { return }
        logger.error(
            "cannot commit",
            metadata: ["error": "\(error)", "answered.503": "\(toLog)"]
        )
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

    private func tell(_ outcomes: [(Waiting, Outcome)]) {
        guard !outcomes.isEmpty else { return }
        eventLoop.execute {
            for (waiting, outcome) in outcomes { waiting.answer(outcome) }
        }
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
private func takeAll<Elements: RangeReplaceableCollection>(
    _ elements: inout Elements
) -> [Elements.Element] {
    defer { elements.removeAll() }
    return Array(elements)
}

import QueueCore
import Synchronization

/// What happened since the work loop last looked.
///
/// Many may write, one reads.
final class Inbox: Sendable {
    struct Contents: Sendable {
        /// Attempts that ended.
        var ended: [AttemptEnd] = []
        /// Somebody committed work, or it is time to look.
        var isRung = false
        /// It is time to look after dead workers.
        var isTick = false
        /// What was killed of the attempts that were taken over.
        var sweep: OrphanSweep?
        /// Others may have taken this worker for dead: its leases are to be looked after at once.
        var isInDoubt = false
        /// What to go by from now on.
        var rules: Rules?
        var stop: StopStage = .working
    }

    private let contents = Mutex(Contents())
    private let news: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (news, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func end(_ attempt: AttemptEnd) {
        contents.withLock { $0.ended.append(attempt) }
        continuation.yield()
    }

    func ring() {
        contents.withLock { $0.isRung = true }
        continuation.yield()
    }

    func end(sweep: OrphanSweep) {
        contents.withLock { contents in
            contents.sweep = sweep
            // Jobs may be ready again.
            contents.isRung = true
        }
        continuation.yield()
    }

    func doubt() {
        contents.withLock { $0.isInDoubt = true }
        continuation.yield()
    }

    /// A ring that came by itself, so that a lost one costs no more than the poll interval.
    func tick() {
        contents.withLock { contents in
            contents.isRung = true
            contents.isTick = true
        }
        continuation.yield()
    }

    /// Has the loop go by other rules.
    ///
    /// - Returns: rules that it had no time to take, and never will.
    func follow(_ rules: Rules) -> Rules? {
        let untaken = contents.withLock { contents in
            defer {
                contents.rules = rules
                contents.isRung = true
            }
            return contents.rules
        }
        continuation.yield()
        return untaken
    }

    func stop(_ stage: StopStage) {
        contents.withLock { $0.stop = max($0.stop, stage) }
        continuation.yield()
    }

    /// One element whenever ``take()`` has something new to return.
    var arrivals: AsyncStream<Void> { news }

    /// Takes what is there; the stage of stopping stays.
    func take() -> Contents {
        contents.withLock { contents in
            defer { contents = Contents(stop: contents.stop) }
            return contents
        }
    }
}

/// How far a worker has come in stopping.
enum StopStage: Int, Comparable, Sendable {
    case working
    /// Claims no more, waits for its handlers.
    case draining
    /// The grace is over: handlers are being stopped.
    case stoppingHandlers
    /// Asked again: handlers are being killed.
    case killingHandlers

    static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

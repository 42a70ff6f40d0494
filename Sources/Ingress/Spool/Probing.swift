import NIOCore
import QueueCore
import Synchronization

/// Whether a delivery that came now would be kept.
enum ReadinessProof: Equatable, Sendable {
    /// In the store.
    case store
    /// In the spool; why not in the store.
    case spool(reason: String)
    case notReady(reason: String)
}

/// Proves readiness to whoever asks.
///
/// One write to the store serves all who ask while it runs: a store that hangs must not have askers
/// pile up behind it.
final class Probing: Sendable {
    private struct State {
        var isProbing = false
        var next = 0
        var askers: [Int: EventLoopPromise<ReadinessProof>] = [:]
    }

    private let state = Mutex(State())
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func ask(_ commit: GroupCommit) -> EventLoopFuture<ReadinessProof> {
        // The deliveries themselves are the better proof.
        if let detour = commit.state.withLock(\.detour) {
            return eventLoop.makeSucceededFuture(commit.standIn("\(detour.trouble)"))
        }
        guard let store = commit.opening.store else {
            return eventLoop.makeSucceededFuture(commit.standIn("the store is not open yet"))
        }
        let promise = eventLoop.makePromise(of: ReadinessProof.self)
        let (asker, isFirst) = state.withLock { state in
            defer {
                state.next += 1
                state.isProbing = true
            }
            state.askers[state.next] = promise
            return (state.next, !state.isProbing)
        }
        eventLoop.scheduleTask(in: IngressLimits.commit) { [self] in
            state.withLock { _ = $0.askers.removeValue(forKey: asker) }
            // Too late when the probe was quicker: a promise is kept once.
            promise.succeed(commit.standIn("the store was busy for too long"))
        }
        if isFirst { probe(store, commit) }
        return promise.futureResult
    }

    private func probe(_ store: SQLiteStore, _ commit: GroupCommit) {
        // Ends with the write, and tells those who still wait.
        let proof = eventLoop.makeFutureWithTask { () -> (ReadinessProof, StoreError?) in
            do throws(StoreError) {
                try await store.probe()
                return (.store, nil)
            } catch {
                return (commit.standIn(error.description), error)
            }
        }
        proof.whenSuccess { [self] proof, error in
            let askers = state.withLock { state in
                defer {
                    state.askers = [:]
                    state.isProbing = false
                }
                return state.askers.values.map(\.self)
            }
            for asker in askers { asker.succeed(proof) }
            // Only now: they are to hear of it.
            if let error { commit.giveUp(on: error) }
        }
    }
}

extension GroupCommit {
    /// What can be promised without the store.
    fileprivate func standIn(_ reason: String) -> ReadinessProof {
        guard let spool else { return .notReady(reason: reason) }
        if let trouble = spool.trouble { return .notReady(reason: "\(reason); \(trouble)") }
        guard !spoolThread.isStuck(.now()) else {
            return .notReady(reason: "\(reason); the spool's disk does not answer")
        }
        return .spool(reason: reason)
    }
}

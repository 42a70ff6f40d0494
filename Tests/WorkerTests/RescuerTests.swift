import Foundation
import QueueCore
import Spawn
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// What a worker does about others that are gone: the store first, then the kill, then the job.
@Suite(.timeLimit(.minutes(10)))
struct RescuerTests {
    /// A queue, a rescuer in the second worker, and what it kills with.
    private final class Trial: Sendable {
        let queue: TestQueue
        let folder: String
        let inbox = Inbox()
        let log = LogLines()
        /// Each call of the killer: what it was asked to kill.
        let kills = Mutex<[[AttemptToken]]>([])
        let remaining = Mutex<Set<AttemptToken>>([])
        /// Called by the killer before it answers.
        let atKill: @Sendable () async -> Void

        init(
            _ queue: TestQueue,
            _ folder: String,
            atKill: @escaping @Sendable () async -> Void = {}
        ) {
            self.queue = queue
            self.folder = folder
            self.atKill = atKill
        }

        func rescuer() -> Rescuer {
            Rescuer(
                store: queue.store,
                stateFolder: folder,
                clocks: queue.clock.clocks,
                own: TestQueue.second,
                lease: Limits.lease,
                inbox: inbox,
                logger: log.logger,
                metrics: WorkerMetrics(handlers: [], slots: 1)
            ) { [self] tokens in
                kills.withLock { $0.append(tokens.sorted { $0.job < $1.job }) }
                await atKill()
                return OrphanSweep(
                    remaining: remaining.withLock(\.self),
                    killed: tokens.map {
                        KilledProcess(
                            life: ProcessLife(pid: 17, startedAt: 0),
                            name: "sleep",
                            attempt: $0
                        )
                    }
                )
            }
        }

        /// What the killer answered.
        func awaitSweep() async throws -> OrphanSweep {
            for await _ in inbox.arrivals {
                if let sweep = inbox.take().sweep { return sweep }
            }
            throw Unexpected("the inbox ended")
        }

        /// A worker in another process that ended without a word: its lock is free.
        func leaveFreeLock(_ worker: WorkerID) throws {
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            lock.release()
            try Data().write(to: URL(fileURLWithPath: "\(folder)/workers/\(worker).lock"))
        }
    }

    private func withQueue(
        _ body: @Sendable (TestQueue, _ folder: String) async throws -> Void
    ) async throws {
        try await Backend.all[0].withQueue { queue in
            try await withTemporaryFolder { folder in try await body(queue, folder) }
        }
    }

    @Test
    func `what a rescuer kills was taken over before, and is charged to nobody`() async throws {
        try await withQueue { queue, folder in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            let lock = try WorkerLock(stateFolder: folder, worker: TestQueue.first)
            let refused = Mutex<EndResult?>(nil)
            let trial = Trial(queue, folder) {
                // Its worker lives, and sees its handler killed.
                let result = try? await queue.end(token, .dead(reason: "retries exhausted"))
                refused.withLock { $0 = result }
            }
            var rescuer = trial.rescuer()
            try await rescuer.takeOver()
            queue.clock.advance(by: Limits.lease + .seconds(1))
            // The store takes writes all the time, and nothing is renewed.
            while rescuer.tokens.isEmpty {
                queue.clock.advance(by: .milliseconds(250))
                rescuer.noteWrite(from: queue.clock.monotonic, to: queue.clock.monotonic)
                try await rescuer.takeOver()
            }
            #expect(trial.kills.withLock(\.self).isEmpty)
            rescuer.sweep()
            rescuer.note(try await trial.awaitSweep())
            #expect(refused.withLock(\.self) == .leaseLost)
            #expect(try await queue.state(job) == .leased)
            try await rescuer.endSwept()
            let row = try await queue.row(job)
            #expect(row["state"] == .text("ready"))
            #expect(row["failures"] == .integer(0))
            #expect(row["losses"] == .integer(0))
            #expect(trial.log.lines.contains { $0.contains("killed=sleep (pid 17)") })
            lock.release()
        }
    }

    @Test
    func `a worker that renews after a stall of the store keeps its handlers`() async throws {
        try await withQueue { queue, folder in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let lock = try WorkerLock(stateFolder: folder, worker: TestQueue.first)
            let trial = Trial(queue, folder)
            var rescuer = trial.rescuer()
            rescuer.noteWrite(from: queue.clock.monotonic, to: queue.clock.monotonic)
            try await rescuer.takeOver()
            let start = queue.clock.monotonic
            queue.clock.advance(by: Limits.lease * 2)
            // This worker's write is the first that comes through.
            rescuer.noteWrite(from: start, to: queue.clock.monotonic)
            try await rescuer.takeOver()
            rescuer.sweep()
            #expect(rescuer.tokens.isEmpty)
            let kept = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(kept.lost.isEmpty)
            #expect(trial.kills.withLock(\.self).isEmpty)
            #expect(try await queue.end(token, .done) == .written(.done))
            lock.release()
        }
    }

    @Test
    func `a held lock means alive, whatever the boot is called`() async throws {
        try await withQueue { queue, folder in
            _ = try await queue.add()
            // The worker in the other container has claimed it by its own boot id.
            let elsewhere = try queue.reopen(TestClock(bootID: "boot-2", now: queue.clock.now))
            let claimed = try await elsewhere.exchange(
                [],
                for: ClaimRequest(slots: 1, concurrency: [HandlerName(rawValue: "h"): 1]),
                worker: TestQueue.first
            ).claimed
            #expect(claimed.count == 1)
            let lock = try WorkerLock(stateFolder: folder, worker: TestQueue.first)
            let trial = Trial(queue, folder)
            var rescuer = trial.rescuer()
            for _ in 1...8 {
                queue.clock.advance(by: .milliseconds(250))
                rescuer.noteWrite(from: queue.clock.monotonic, to: queue.clock.monotonic)
                try await rescuer.takeOver()
            }
            #expect(rescuer.tokens.isEmpty)
            // Freed, it is dead at once.
            lock.release()
            try trial.leaveFreeLock(TestQueue.first)
            try await rescuer.takeOver()
            #expect(rescuer.tokens == claimed.map(\.token))
        }
    }

    @Test
    func `leftovers that do not die hold up nothing but their own job`() async throws {
        try await withQueue { queue, folder in
            let jobs = try await queue.add([NewJob](repeating: .sample(), count: 9))
            let tokens = try await queue.claim(9).map(\.token)
            let stuck = try #require(tokens.first { $0.job == jobs[8] })
            let (gate, open) = AsyncStream<Void>.makeStream()
            let trial = Trial(queue, folder) { for await _ in gate { return } }
            trial.remaining.withLock { $0 = [stuck] }
            try trial.leaveFreeLock(TestQueue.first)
            var rescuer = trial.rescuer()
            try await rescuer.takeOver()
            rescuer.sweep()
            // Nobody waits for the killer: the loop goes on, and asks for no second one.
            for _ in 1...3 {
                try await rescuer.takeOver()
                rescuer.sweep()
                try await rescuer.endSwept()
            }
            #expect(Set(rescuer.tokens) == Set(tokens))
            open.yield()
            rescuer.note(try await trial.awaitSweep())
            try await rescuer.endSwept()
            // One look for all, and all but one are ready.
            #expect(trial.kills.withLock(\.self).count == 1)
            #expect(trial.kills.withLock(\.self).first?.count == 9)
            #expect(try await queue.store.status().jobs[.ready] == 8)
            #expect(rescuer.tokens == [stuck])
            // It was told once, and is looked for again after a pause.
            rescuer.sweep()
            try await rescuer.endSwept()
            #expect(trial.kills.withLock(\.self).count == 1)
            #expect(trial.log.lines.filter { $0.contains("does not die") }.count == 1)
            queue.clock.advance(by: .seconds(5))
            trial.remaining.withLock { $0 = [] }
            rescuer.sweep()
            open.yield()
            rescuer.note(try await trial.awaitSweep())
            try await rescuer.endSwept()
            #expect(try await queue.state(jobs[8]) == .ready)
        }
    }

    @Test
    func `a worker whose lock file is missing is dead only when it stays missing`() async throws {
        try await withQueue { queue, folder in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let lock = try WorkerLock(stateFolder: folder, worker: TestQueue.first)
            let trial = Trial(queue, folder)
            var rescuer = trial.rescuer()
            let path = "\(folder)/workers/w1.lock"
            // It notices within a tick, and makes the file anew.
            for _ in 1...4 {
                try FileManager.default.removeItem(atPath: path)
                for _ in 1...4 {
                    try await rescuer.takeOver()
                    queue.clock.advance(by: .milliseconds(250))
                }
                #expect(try !lock.keep())
                try await rescuer.takeOver()
            }
            #expect(rescuer.tokens.isEmpty)
            try FileManager.default.removeItem(atPath: path)
            for _ in 1...9 {
                try await rescuer.takeOver()
                queue.clock.advance(by: .milliseconds(250))
            }
            #expect(rescuer.tokens == [token])
            // It lives, and learns of it from the store.
            #expect(try !lock.keep())
            let kept = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(kept.lost == [token])
            #expect(kept.isRetired)
            lock.release()
        }
    }
}

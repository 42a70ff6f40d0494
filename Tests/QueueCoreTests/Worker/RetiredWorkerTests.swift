import QueueCore
import TestSupport
import Testing

@Suite
struct RetiredWorkerTests {
    /// A worker that stops leaves what it could not give back to the rescuer; nobody may have come
    /// since.
    @Test(arguments: Backend.all)
    func `a worker that left leases behind is kept by the pruner, and keeps it from nothing`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let old = try await queue.addDead()
            _ = try await queue.add()
            let token = try await queue.claimOne(by: TestQueue.second)
            try await queue.store.retire(TestQueue.second)
            queue.clock.advance(by: .seconds(3600))
            let short = Retention(
                bodies: .seconds(60),
                jobs: .seconds(60),
                deliveries: .seconds(60)
            )
            #expect(try await queue.store.prune(short).jobs == 1)
            #expect(try await queue.store.records(.job(old)).isEmpty)
            #expect(try await queue.lose(token, by: TestQueue.first) == .written(.ready))
        }
    }
}

import TestSupport
import Testing

@testable import QueueCore

/// What workers show of their breakers, and operators take from it.
@Suite
struct ShownBreakerTests {
    private static let both = #"{"ci":{"state":"open"},"mail":{"state":"probing"}}"#
    private static let ci = HandlerName(rawValue: "ci")

    @Test(arguments: Backend.all)
    func `closing takes a handler out of all workers' rows, and says out of which`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let store = queue.store
            try await store.report(breakers: Self.both, of: TestQueue.first)
            try await store.report(breakers: #"{"ci":{"state":"open"}}"#, of: TestQueue.second)
            let workers = try await store.closeBreakers(of: Self.ci)
            #expect(Set(workers) == [TestQueue.first, TestQueue.second])
            #expect(
                try await store.breakers(of: TestQueue.first) == #"{"mail":{"state":"probing"}}"#
            )
            #expect(try await store.breakers(of: TestQueue.second) == "{}")
            #expect(try await store.closeBreakers(of: Self.ci).isEmpty)
            #expect(try await store.closeBreakers(of: HandlerName(rawValue: "a\"b")).isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that shows something new hears what an operator took away meanwhile`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let store = queue.store
            #expect(try await store.report(breakers: Self.both, of: TestQueue.first) == "{}")
            _ = try await store.closeBreakers(of: Self.ci)
            let before = try await store.report(breakers: Self.both, of: TestQueue.first)
            #expect(
                OpenBreaker.handlers(in: Self.both).subtracting(OpenBreaker.handlers(in: before))
                    == [Self.ci]
            )
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that stopped has no breaker to close`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            try await queue.store.report(breakers: Self.both, of: TestQueue.first)
            try await queue.store.retire(TestQueue.first)
            #expect(try await queue.store.closeBreakers(of: Self.ci).isEmpty)
        }
    }
}

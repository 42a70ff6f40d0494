import QueueCore
import TestSupport
import Testing

/// Deliveries that were acknowledged into the spool, on their way into the store.
@Suite
struct ImportTests {
    private func seq(_ number: Int64) -> DeliverySeq { DeliverySeq(rawValue: number) }

    @Test(arguments: Backend.all)
    func `what is imported has its order and its time, and waits to be routed`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.store.accept { [.sample(id: "before")] }
            let then = queue.clock.now + .seconds(-3600)
            let batch = ["a", "b"].map { Delivery.sample(id: $0, receivedAt: then) }
            let answers = try await queue.store.importSpooled(batch)
            #expect(answers == [.imported(seq(2)), .imported(seq(3))])
            let waiting = try await queue.store.waitingToBeRouted(atMost: 10)
            #expect(waiting.map(\.id.rawValue) == ["before", "a", "b"])
            #expect(waiting.map(\.receivedAt).suffix(2) == [then, then])
        }
    }

    @Test(arguments: Backend.all)
    func `importing again changes and counts nothing`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let store = queue.store
            _ = try await store.accept { [.sample(id: "there")] }
            let batch: [Delivery] = [
                .sample(id: "there"), .sample(id: "a"), .sample(id: "a"),
                .sample(id: "there", body: "other"),
            ]
            #expect(
                try await store.importSpooled(batch) == [
                    .known(seq(1)), .imported(seq(2)), .known(seq(2)), .conflict(seq(1)),
                ]
            )
            let incidents = try await store.records(.incidents(limit: 10))
            for _ in 1...3 {
                #expect(
                    try await store.importSpooled(batch) == [
                        .known(seq(1)), .known(seq(2)), .known(seq(2)), .conflict(seq(1)),
                    ]
                )
            }
            #expect(try await store.records(.incidents(limit: 10)) == incidents)
            #expect(incidents.map { $0["kind"] } == [.text("delivery_conflict")])
            #expect(incidents.map { $0["count"] } == [.integer(1)])
            #expect(try await store.status().deliveries == 2)
            // The same id from Gitea is counted as ever.
            #expect(try await store.accept { [.sample(id: "a")] } == [.duplicate(seq(2))])
        }
    }

    @Test(arguments: Backend.all)
    func `two conflicts under one id are two`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let start = queue.clock.now
            let batch = (0...2).map { number in
                Delivery.sample(
                    id: "a",
                    body: "\(number)",
                    receivedAt: start + .seconds(Double(number))
                )
            }
            _ = try await queue.store.importSpooled(batch)
            let incidents = try await queue.store.records(.incidents(limit: 10))
            #expect(incidents.map { $0["count"] } == [.integer(2)])
        }
    }
}

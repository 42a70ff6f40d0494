import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct AcceptTests {
    @Test(arguments: Backend.all)
    func `a delivery is stored once, whatever comes again under its id`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue async throws in
            let store = queue.store
            let first = Delivery.sample(id: "a", body: "{}")
            #expect(try await store.accept { [first] } == [.accepted(seq(1))])
            #expect(try await store.accept { [first] } == [.duplicate(seq(1))])
            let other = Delivery.sample(id: "a", body: "{ }")
            #expect(try await store.accept { [other] } == [.conflict(seq(1))])
            #expect(try await store.body(of: seq(1)) == Data("{}".utf8))
        }
    }

    @Test(arguments: Backend.all)
    func `a batch is answered in its order, also when an id comes twice in it`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.store.accept { [.sample(id: "old")] }
            let batch: [Delivery] = [
                .sample(id: "a"), .sample(id: "old"), .sample(id: "b"), .sample(id: "a"),
                .sample(id: "b", body: "[]"), .sample(id: "old", body: "[]"), .sample(id: "c"),
            ]
            let answers = try await queue.store.accept { batch }
            #expect(
                answers == [
                    .accepted(seq(2)), .duplicate(seq(1)), .accepted(seq(3)), .duplicate(seq(2)),
                    .conflict(seq(3)), .conflict(seq(1)), .accepted(seq(4)),
                ]
            )
            let waiting = try await queue.store.waitingToBeRouted(atMost: 10)
            #expect(waiting.map(\.id.rawValue) == ["old", "a", "b", "c"])
        }
    }

    @Test(arguments: Backend.all)
    func `one id in two sources names two deliveries`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            var other = Delivery.sample(id: "a", body: "[]")
            other.source = "mirror"
            let batch = [Delivery.sample(id: "a"), other]
            let answers = try await queue.store.accept { batch }
            #expect(answers == [.accepted(seq(1)), .accepted(seq(2))])
        }
    }

    @Test(arguments: Backend.all)
    func `repeats are counted, conflicts are not among them`(backend: Backend) async throws {
        try await backend.withQueue { queue async throws in
            let same = Delivery.sample(id: "a")
            let other = Delivery.sample(id: "a", body: "other")
            _ = try await queue.store.accept { [same] }
            #expect(try await repeats(queue) == .integer(0))
            _ = try await queue.store.accept { [same, same] }
            _ = try await queue.store.accept { [same] }
            _ = try await queue.store.accept { [other] }
            #expect(try await repeats(queue) == .integer(3))
        }
    }

    @Test(arguments: Backend.all)
    func `a conflict is an incident that names the id, counted when it comes again`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue async throws in
            let first = Delivery.sample(id: "a")
            let others = [Delivery.sample(id: "a", body: "1"), .sample(id: "a", body: "2")]
            _ = try await queue.store.accept { [first] }
            let begin = queue.clock.now
            _ = try await queue.store.accept { [others[0]] }
            queue.clock.advance(by: .seconds(1))
            _ = try await queue.store.accept { [others[1]] }
            let incidents = try await queue.store.records(.incidents(limit: 10))
            #expect(incidents.count == 1)
            #expect(incidents.first?["kind"] == .text("delivery_conflict"))
            #expect(incidents.first?["source"] == .text("default"))
            #expect(incidents.first?["subject"] == .text("a"))
            #expect(incidents.first?["count"] == .integer(2))
            #expect(incidents.first?["first_at"] == .time(begin))
            #expect(incidents.first?["last_at"] == .time(begin + .seconds(1)))
        }
    }

    @Test(arguments: Backend.all)
    func `a batch with a delivery that the store refuses leaves nothing of it`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue async throws in
            let batch: [Delivery] = [.sample(id: "good"), .sample(id: "")]
            let error = await #expect(throws: StoreError.self) {
                try await queue.store.accept { batch }
            }
            guard case .refused = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(try await queue.store.status().deliveries == 0)
            let good = [batch[0]]
            #expect(try await queue.store.accept { good }.count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a batch that turns out empty is answered with nothing`(backend: Backend) async throws {
        try await backend.withQueue { queue async throws in
            #expect(try await queue.store.accept { [] }.isEmpty)
            #expect(try await queue.store.status().deliveries == 0)
        }
    }

    static let bodies = [
        Data(), Data([0]), Data(0...255), Data(repeating: 0xFF, count: 100_000),
        Data("{\"text\":\"\\u0000 ünï 🫖\"}\r\n".utf8),
    ]

    @Test(arguments: Backend.all, bodies)
    func `a body is kept byte for byte`(backend: Backend, body: Data) async throws {
        try await backend.withQueue { queue in
            var delivery = Delivery.sample(id: "a")
            delivery.body = body
            let sent = delivery
            _ = try await queue.store.accept { [sent] }
            #expect(try await queue.store.body(of: seq(1)) == body)
            #expect(try await queue.store.waitingToBeRouted(atMost: 1).first?.body == body)
            #expect(try await queue.store.accept { [sent] } == [.duplicate(seq(1))])
        }
    }

    @Test(arguments: Backend.all)
    func `everything about a delivery can be read again`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let sent = Delivery(
                source: "mirror",
                id: DeliveryID(rawValue: "f00d"),
                event: "issues",
                eventType: "issue_label",
                targetType: nil,
                receivedAt: queue.clock.now,
                remote: "192.0.2.7",
                contentType: "application/x-www-form-urlencoded",
                headers: #"{"X-Gitea-Event":"issues"}"#,
                verifiedBy: nil,
                body: Data("payload=%7B%7D".utf8)
            )
            _ = try await queue.store.accept { [sent] }
            let row = try #require(try await queue.store.records(.delivery(seq(1))).first)
            let expected: [String: Record.Value] = [
                "seq": .integer(1), "source": .text("mirror"), "delivery_id": .text("f00d"),
                "event": .text("issues"), "event_type": .text("issue_label"),
                "target_type": .null, "received_at": .time(queue.clock.now),
                "remote": .text("192.0.2.7"),
                "content_type": .text("application/x-www-form-urlencoded"),
                "headers": .json(#"{"X-Gitea-Event":"issues"}"#), "verified_by": .null,
                "body_bytes": .integer(14), "body_pruned_at": .null, "verdict": .null,
                "reason": .null, "decision": .null, "payload_sha256": .null,
                "decided_at": .null, "repeats": .integer(0),
            ]
            #expect(Dictionary(uniqueKeysWithValues: row.columns.map { ($0, $1) }) == expected)
        }
    }

    @Test(arguments: Backend.all)
    func `of many that bring one id at the same time, one is accepted`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let answers = try await withThrowingTaskGroup(of: [Acceptance].self) { group in
                for _ in 0..<40 {
                    group.addTask { try await queue.store.accept { [.sample(id: "a")] } }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(answers.filter { $0 == .accepted(seq(1)) }.count == 1)
            #expect(answers.filter { $0 == .duplicate(seq(1)) }.count == 39)
        }
    }

    @Test(arguments: Backend.all)
    func `incidents are counted by kind, source and subject`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            func record(_ kind: Incident.Kind, _ source: String, _ subject: String) async throws {
                try await queue.store.record(
                    Incident(kind: kind, source: source, subject: subject, detail: subject)
                )
            }
            try await record(.bodyTooLarge, "default", "1")
            try await record(.bodyTooLarge, "default", "1")
            try await record(.bodyTooLarge, "default", "2")
            try await record(.bodyTooLarge, "mirror", "1")
            try await record(.deliveryConflict, "default", "1")
            let incidents = try await queue.store.records(.incidents(limit: 10))
            #expect(incidents.count == 4)
            #expect(incidents.map { $0["count"] }.filter { $0 == .integer(2) }.count == 1)
            #expect(try await queue.store.records(.incidents(limit: 2)).count == 2)
        }
    }

    @Test(arguments: Backend.all)
    func `a good delivery resolves what senders to its source did wrong, until it happens again`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            func isResolved(_ source: String) async throws -> Bool {
                let rows = try await queue.store.records(.incidents(limit: 10))
                let row = try #require(rows.first { $0["source"] == .text(source) })
                return row["resolved_at"] != .null
            }
            let begin = queue.clock.now
            let wrong = ["a", "b"].map { source in
                Incident(
                    kind: .signatureRefused,
                    source: source,
                    subject: "/x",
                    detail: "d",
                    at: begin
                )
            }
            let lost = Incident(kind: .deliveryLost, source: "c", subject: "id", detail: "d")
            queue.clock.advance(by: .seconds(60))
            try await queue.store.record(wrong + [lost], recovered: [])
            #expect(try await !isResolved("a"))
            // When it happened, not when the store could be told.
            let rows = try await queue.store.records(.incidents(limit: 10))
            #expect(rows.filter { $0["first_at"] == .time(begin) }.count == 2)
            try await queue.store.record([], recovered: ["a", "c", "unknown"])
            #expect(try await isResolved("a"))
            #expect(try await !isResolved("b"))
            // No delivery to come makes up for it.
            #expect(try await !isResolved("c"))
            try await queue.store.record(wrong[0])
            #expect(try await !isResolved("a"))
        }
    }

    @Test(arguments: Backend.all)
    func `a probe writes and changes nothing that anybody reads`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let before = try await queue.store.status()
            try await queue.store.probe()
            #expect(try await queue.store.status() == before)
        }
    }

    private func repeats(_ queue: TestQueue) async throws -> Record.Value? {
        try await queue.store.records(.delivery(seq(1))).first?["repeats"]
    }

    private func seq(_ number: Int64) -> DeliverySeq {
        DeliverySeq(rawValue: number)
    }
}

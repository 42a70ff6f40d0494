import Foundation
import QueueCore
import TestSupport
import Testing

@testable import Worker

@Suite
struct EnvelopeTests {
    /// Texts that break JSON when they are not quoted.
    private static let odd = "a\"b\\c\n\t\u{1}\u{7F}ü\u{2028}🫖</script>"

    @Test
    func `an envelope has every field of the contract`() async throws {
        let job = try await claimed()
        let payload = Data(#"{"action":"opened","number":1}"#.utf8)
        let object = try parse(
            Envelope.json(job, payload: HandlerPayload(bytes: payload, action: "opened"))
        )
        let expected: NSDictionary = [
            "delivery": [
                "id": "delivery-\(Self.odd)", "seq": 1, "source": "default", "event": "push",
                "event_type": "push", "received_at": "2026-09-21T14:13:20.000000Z",
                "verified": true,
            ],
            "job": ["id": 1, "route": Self.odd, "handler": "h", "attempt": 1, "token": "1.1"],
            "action": "opened", "trust": NSNull(), "with": ["a": [1, NSNull()]],
            "payload": ["action": "opened", "number": 1],
        ]
        #expect(object == expected)
    }

    @Test
    func `what is not there is null`() async throws {
        var job = try await claimed()
        job.delivery.verifiedBy = nil
        let object = try parse(Envelope.json(job, payload: HandlerPayload(bytes: nil, action: nil)))
        #expect(object["action"] is NSNull)
        #expect(object["payload"] is NSNull)
        #expect((object["delivery"] as? NSDictionary)?["verified"] as? Bool == false)
    }

    static let payloads = [
        "{}", " { } ", #"{"n":1.0,"big":12345678901234567890,"esc":"\u0041\/"}"#,
        "{\r\n\t\"a\": [1,  2]\n}\n", #"{"a":1,"a":2}"#,
    ]

    @Test(arguments: payloads)
    func `the payload is in it byte for byte`(text: String) async throws {
        let payload = Data(text.utf8)
        let envelope = Envelope.json(
            try await claimed(),
            payload: HandlerPayload(bytes: payload, action: nil)
        )
        let mark = Data(#","payload":"#.utf8)
        let start = try #require(envelope.range(of: mark, options: .backwards)).upperBound
        #expect(envelope[start...] == payload + Data("}\n".utf8))
        _ = try parse(envelope)
    }

    private func parse(_ envelope: Data) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: envelope) as? NSDictionary)
    }

    private func claimed() async throws -> ClaimedJob {
        try await ClaimedJob.sample(
            id: "delivery-\(Self.odd)",
            route: Self.odd,
            with: #"{"a":[1,null]}"#
        )
    }
}

extension ClaimedJob {
    /// A job as a store hands it out: nothing else makes one.
    static func sample(
        id: String = "delivery-1",
        route: String = "route",
        with: String = "{}"
    ) async throws -> ClaimedJob {
        var found: ClaimedJob?
        try await withStore { store, _ in
            let queue = try await TestQueue(store: store, clock: TestClock()) { _ in store }
            let batch = [Delivery.sample(id: id)]
            _ = try await store.accept { batch }
            let target = RoutingTarget.delivery(DeliverySeq(rawValue: 1))
            let decision = queue.routed(target, [.sample(route: route, with: with)])
            _ = try await store.decide([decision])
            found = try await queue.claim().first
        }
        return try #require(found)
    }
}

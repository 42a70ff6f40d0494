import Foundation
import Gitea
import Testing

@Suite
struct OutgoingDeliveryTests {
    private static let key = SigningKey(id: "only", key: Array("s3cret".utf8))

    @Test(arguments: SamplePayload.eventTypes)
    func `a sample is accepted as a delivery of its type`(type: String) throws {
        let body = try #require(SamplePayload.body(eventType: type, stamp: "1"))
        let outgoing = OutgoingDelivery(
            event: EventType.event(of: type),
            eventType: type,
            deliveryID: "d-1",
            body: body,
            key: Self.key
        )
        let headers = try WebhookHeaders(outgoing.headers)
        #expect(headers.deliveryID == "d-1")
        #expect(headers.event == EventType.event(of: type))
        #expect(headers.eventType == type)
        #expect(headers.targetType == "repository")
        #expect(headers.signatures.count == 3)

        let payload = try #require(
            SignedBytes.of(body: outgoing.body, contentType: headers.contentType)
        )
        var check = SignatureCheck(presented: headers.signatures, keys: [Self.key])
        check.update(payload)
        #expect(check.finish() == .verified(keyID: "only"))

        let event = try Event.decode(type: type, payload: payload)
        #expect(try event.repository.fullName == "samovar/sample")
        #expect(event.disagreement == nil)
        #expect(try event.sender.id != nil)
        #expect(try !event.isTestDelivery)
        #expect(
            try (event.issue?.number != nil) == (type.contains("issue") || type.contains("pull"))
        )
        #expect(try (event.ref != nil) == ["push", "create", "delete"].contains(type))
    }

    @Test(arguments: ["push-branch", "issue_label-label_updated", "repository-created"])
    func `the headers are the recorded ones`(name: String) throws {
        let recorded = try Recording(name: name).read()
        let headers = try WebhookHeaders(recorded.headers)
        let outgoing = OutgoingDelivery(
            event: headers.event,
            eventType: headers.eventType,
            deliveryID: headers.deliveryID,
            body: recorded.body,
            key: Recording.key
        )
        // Gitea 1.22 had no target type yet, and the rest belongs to the HTTP client or is SHA-1.
        let left = ["Host", "User-Agent", "Content-Length", "Accept-Encoding", "X-Hub-Signature"]
        let ours = outgoing.headers.filter { !$0.name.hasSuffix("-Target-Type") }
        let theirs = recorded.headers.filter { !left.contains($0.name) }
        #expect(ours.map { "\($0.name): \($0.value)" } == theirs.map { "\($0.name): \($0.value)" })
    }
}

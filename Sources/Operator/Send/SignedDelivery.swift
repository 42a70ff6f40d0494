import Foundation
import Gitea

/// A request as it will be sent.
struct SignedDelivery: Sendable {
    /// What it is a delivery of, for people.
    let eventType: String

    /// The id it goes under.
    let deliveryID: String

    /// All headers but those that belong to the connection.
    let headers: [(name: String, value: String)]

    /// The body.
    let body: Data
}

extension SignedDelivery {
    /// A payload, with the headers Gitea would send with it.
    init(eventType: String, deliveryID: String, payload: Data, key: SigningKey) {
        let delivery = OutgoingDelivery(
            event: EventType.event(of: eventType),
            eventType: eventType,
            deliveryID: deliveryID,
            body: payload,
            key: key
        )
        self.init(
            eventType: eventType,
            deliveryID: deliveryID,
            headers: delivery.headers,
            body: delivery.body
        )
    }

    /// A recorded request under a new id, signed anew.
    ///
    /// `body` is the recording's own, stamped or not, and `contentType` says how it is read. Nil for
    /// a form without a payload, which cannot be signed.
    init?(
        _ recording: RecordedDelivery,
        body: Data,
        contentType: ContentType,
        deliveryID: String,
        key: SigningKey
    ) {
        guard let signed = SignedBytes.of(body: body, contentType: contentType) else { return nil }
        let signature = key.signature(of: signed)
        var headers: [(name: String, value: String)] = []
        for (name, value) in recording.headers {
            let lowercase = name.lowercased()
            if Self.isLeftOut(lowercase) { continue }
            let newValue =
                switch lowercase {
                case "x-hub-signature-256": "sha256=\(signature)"
                case _ where lowercase.hasSuffix("-signature"): signature
                case _ where lowercase.hasSuffix("-delivery"): deliveryID
                default: value
                }
            headers.append((name, newValue))
        }
        func has(_ suffix: String) -> Bool {
            headers.contains { $0.name.lowercased().hasSuffix(suffix) }
        }
        if !has("-delivery") { headers.append(("X-Gitea-Delivery", deliveryID)) }
        if !has("-signature"), !has("-signature-256") {
            headers.append(("X-Gitea-Signature", signature))
        }
        func first(_ suffix: String) -> String? {
            headers.first { $0.name.lowercased().hasSuffix(suffix) }?.value
        }
        self.init(
            eventType: first("-event-type") ?? first("-event") ?? "unknown",
            deliveryID: deliveryID,
            headers: headers,
            body: body
        )
    }

    /// What belongs to the connection, and the SHA-1 signature, which nothing here makes.
    private static func isLeftOut(_ name: String) -> Bool {
        [
            "host", "content-length", "connection", "transfer-encoding", "expect",
            "accept-encoding", "x-hub-signature",
        ].contains(name)
    }
}

package import FoundationEssentials

/// A delivery to send, as Gitea would send it with content type JSON.
///
/// Left to the HTTP client: `Host`, `Content-Length` and `User-Agent`. Left out: `X-Hub-Signature`,
/// which is SHA-1.
///
/// - Source: go-gitea/gitea: services/webhook/deliver.go (addDefaultHeaders)
package struct OutgoingDelivery: Sendable {
    /// The headers, in the order in which Go writes them.
    package let headers: [(name: String, value: String)]

    /// The payload, which is the whole body.
    package let body: Data

    /// Signs a body and makes the headers for it.
    ///
    /// - Parameters:
    ///   - event: the grouped event; `EventType.event(of:)` knows it.
    ///   - eventType: the exact event.
    ///   - deliveryID: a new UUID for each delivery, lower case as Gitea's.
    ///   - targetType: what the hook pretends to belong to.
    ///   - body: the JSON payload; must not change after this.
    ///   - key: the hook's secret.
    package init(
        event: String,
        eventType: String,
        deliveryID: String,
        targetType: String = "repository",
        body: Data,
        key: SigningKey
    ) {
        let signature = key.signature(of: body)
        var headers = [(name: "Content-Type", value: "application/json")]
        for family in ["X-GitHub", "X-Gitea", "X-Gogs"] {
            headers.append((name: "\(family)-Delivery", value: deliveryID))
            headers.append((name: "\(family)-Event", value: event))
            headers.append((name: "\(family)-Event-Type", value: eventType))
            if family != "X-Gogs" {
                headers.append(
                    (name: "\(family)-Hook-Installation-Target-Type", value: targetType)
                )
            }
            if family != "X-GitHub" {
                headers.append((name: "\(family)-Signature", value: signature))
            }
        }
        headers.append((name: "X-Hub-Signature-256", value: "sha256=\(signature)"))
        self.headers = headers
        self.body = body
    }
}

import Gitea
import Logging
import NIOHTTP1

/// What was seen of a request, by which its refusal can be told from others.
struct SeenRequest {
    /// Whose path it asked for.
    private(set) var source: Source?
    /// Which check failed, where the answer does not tell.
    var cause: RefusalCause?
    /// Whether an active secret signed all of it.
    var isVerified = false
    /// Until it is admitted: a head is not kept while a body arrives.
    private var head: HTTPRequestHead?
    private var admitted: (deliveryID: String, event: String)?

    /// Nothing yet.
    init() {}

    /// A head in which nothing was checked but the path.
    init(_ head: HTTPRequestHead, of source: Source?) {
        self.head = head
        self.source = source
    }

    /// A request whose head was admitted.
    init(of source: Source, _ headers: WebhookHeaders) {
        self.source = source
        admitted = (headers.deliveryID, headers.eventType)
    }

    var deliveryID: String? { admitted?.deliveryID ?? header("Delivery") }

    var event: String? { admitted?.event ?? header("Event-Type") ?? header("Event") }

    /// Until it is admitted: from then on it is POST.
    var method: String? { head?.method.rawValue }

    /// The target without its query, which may hold a secret.
    private var path: String? {
        head.map { String($0.uri.prefix { $0 != "?" }) } ?? source?.pathText
    }

    private func header(_ field: String) -> String? {
        for family in ["X-Gitea-", "X-Forgejo-", "X-Gogs-"] {
            if let value = head?.headers.first(name: family + field) { return value }
        }
        return nil
    }

    /// For the line about its refusal.
    func metadata(of answer: Answer) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["reason": .string(cause?.description ?? answer.reason)]
        metadata["source"] = source.map { .string($0.name) }
        metadata["path"] = path.map { .string($0) }
        metadata["delivery.id"] = deliveryID.map { .string($0) }
        metadata["event.type"] = event.map { .string($0) }
        if case .methodNotAllowed = answer { metadata["method"] = method.map { .string($0) } }
        if let head, case .unsupportedContentType = answer {
            metadata["content.type"] = .string(head.headers.first(name: "Content-Type") ?? "none")
        }
        if let head, case .unsupportedContentEncoding = answer {
            let value = head.headers.first(name: "Content-Encoding") ?? "none"
            metadata["content.encoding"] = .string(value)
        }
        return metadata
    }
}

import Gitea
import NIOHTTP1
import QueueCore

/// Every answer the ingress gives, in the order of the checks.
///
/// docs/CONTRACT.md has the table.
enum Answer: Equatable {
    case notFound
    case methodNotAllowed
    case unsupportedContentType
    case badRequest(reason: String)
    case tooLarge(limit: Int)
    case timeout
    /// One constant body, whatever was wrong: it tells a forger nothing.
    case unauthorized
    case duplicate(DeliveryID, DeliverySeq)
    case conflict(DeliveryID, DeliverySeq)
    case unavailable(reason: String)
    case accepted(DeliveryID, DeliverySeq)

    init(_ acceptance: Acceptance, of id: DeliveryID) {
        switch acceptance {
        case .accepted(let seq): self = .accepted(id, seq)
        case .duplicate(let seq): self = .duplicate(id, seq)
        case .conflict(let seq): self = .conflict(id, seq)
        }
    }

    init(_ rejection: WebhookRejection) {
        switch rejection {
        case .unsupportedContentType: self = .unsupportedContentType
        case .missingDelivery, .malformedDelivery:
            self = .badRequest(reason: rejection.description)
        }
    }

    var status: HTTPResponseStatus {
        switch self {
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .unsupportedContentType: .unsupportedMediaType
        case .badRequest: .badRequest
        case .tooLarge: .payloadTooLarge
        case .timeout: .requestTimeout
        case .unauthorized: .unauthorized
        case .duplicate: .ok
        case .conflict: .conflict
        case .unavailable: .serviceUnavailable
        case .accepted: .accepted
        }
    }

    /// Headers besides content type and length.
    var headers: [(name: String, value: String)] {
        switch self {
        case .methodNotAllowed: [("Allow", "POST")]
        case .unavailable: [("Retry-After", "5")]
        default: []
        }
    }

    /// JSON, shown by Gitea to the hook's administrators.
    var body: String {
        switch self {
        case .notFound: Self.error("no webhook endpoint at this path")
        case .methodNotAllowed: Self.error("only POST: set the hook's method to POST")
        case .unsupportedContentType:
            Self.error("content type must be application/json or application/x-www-form-urlencoded")
        case .badRequest(let reason): Self.error(reason)
        case .tooLarge(let limit): Self.error("the body is larger than \(limit) bytes")
        case .timeout: Self.error("the request did not arrive in time")
        case .unauthorized: Self.error("signature missing or wrong")
        case .unavailable(let reason): Self.error(reason)
        case .duplicate(let id, let seq): Self.stored("duplicate", id, seq)
        case .conflict(let id, let seq): Self.stored("conflict", id, seq)
        case .accepted(let id, let seq): Self.stored("accepted", id, seq)
        }
    }

    private static func stored(_ status: String, _ id: DeliveryID, _ seq: DeliverySeq) -> String {
        // Ids were checked to be printable ASCII; JSONText guards quotes and backslashes.
        "{\"status\":\"\(status)\",\"delivery\":\(JSONText.quoted(id.rawValue)),\"seq\":\(seq)}\n"
    }

    private static func error(_ message: String) -> String {
        "{\"status\":\"error\",\"error\":\(JSONText.quoted(message))}\n"
    }
}

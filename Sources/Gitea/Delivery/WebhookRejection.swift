/// Why a request's headers do not make it a webhook.
package enum WebhookRejection: Error, Equatable {
    /// The body is neither JSON nor a form, or does not say what it is.
    case unsupportedContentType

    /// No header family has both a delivery id and an event.
    case missingDelivery

    /// The delivery id or the event has a shape that no Gitea sends.
    case malformedDelivery(reason: String)

    /// The HTTP status of the answer.
    package var status: Int {
        switch self {
        case .unsupportedContentType: 415
        case .missingDelivery, .malformedDelivery: 400
        }
    }

    /// Whether the same request may be accepted later: never.
    package var isTransient: Bool { false }

    /// What an operator can do.
    package var operatorHint: String {
        switch self {
        case .unsupportedContentType:
            "Set the hook's content type to application/json or application/x-www-form-urlencoded."
        case .missingDelivery, .malformedDelivery:
            "Check that the sender is a Gitea or Forgejo webhook of type Gitea, Forgejo or Gogs, "
                + "and that no proxy removes or changes its X- headers."
        }
    }
}

extension WebhookRejection: CustomStringConvertible {
    /// One sentence without a word of the request in it, fit for the answer.
    package var description: String {
        switch self {
        case .unsupportedContentType:
            "the content type is neither application/json nor application/x-www-form-urlencoded"
        case .missingDelivery:
            "no X-Gitea, X-Forgejo or X-Gogs headers with a delivery id and an event"
        case .malformedDelivery(let reason):
            reason
        }
    }
}

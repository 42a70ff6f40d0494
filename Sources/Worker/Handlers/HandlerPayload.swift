import Foundation
import Gitea
import QueueCore

/// What a delivery is to a handler.
struct HandlerPayload {
    /// The payload's bytes, out of the form if it came in one; nil when it was pruned.
    let bytes: Data?
    /// The payload's `action`.
    let action: String?
}

extension HandlerPayload {
    init(of job: ClaimedJob) {
        let bytes = job.delivery.body.flatMap { body in
            ContentType(job.delivery.contentType).flatMap {
                SignedBytes.of(body: body, contentType: $0)
            }
        }
        // Routing decoded the same bytes, so what fails here has no action either.
        let action = bytes.flatMap {
            try? Event.decode(type: job.delivery.eventType, payload: $0).action
        }
        self.init(bytes: bytes, action: action)
    }
}

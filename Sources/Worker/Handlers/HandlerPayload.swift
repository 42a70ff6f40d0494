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
        // Routing decoded the same bytes, so what fails here has no action either.
        let action = try? Self.event(of: job)?.action
        self.init(bytes: Self.bytes(of: job), action: action)
    }

    /// The event that a job is about; nil when there is no payload.
    static func event(of job: ClaimedJob) throws(PayloadError) -> Event? {
        guard let bytes = bytes(of: job) else { return nil }
        return try Event.decode(type: job.delivery.eventType, payload: bytes)
    }

    private static func bytes(of job: ClaimedJob) -> Data? {
        job.delivery.body.flatMap { body in
            ContentType(job.delivery.contentType).flatMap {
                SignedBytes.of(body: body, contentType: $0)
            }
        }
    }
}

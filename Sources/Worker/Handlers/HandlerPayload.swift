import Foundation
import Gitea
import QueueCore

/// What a delivery is to a handler.
struct HandlerPayload {
    /// The payload's bytes, out of the form if it came in one; nil when it was pruned.
    let bytes: Data?
    /// The payload's `action`.
    let action: String?
    /// The exact event type, also where no header named it; nil when there is no readable payload.
    var eventType: String?
}

extension HandlerPayload {
    init(of job: ClaimedJob) {
        // Taken out of a form once only: that is a copy.
        let bytes = Self.bytes(of: job)
        // Routing decoded the same bytes, so what fails here has no action either.
        let event = try? Self.event(of: job, bytes)
        self.init(bytes: bytes, action: try? event?.action, eventType: event?.type)
    }

    /// The job as its handler is told of it: with the exact event type.
    func named(_ job: ClaimedJob) -> ClaimedJob {
        var named = job
        if let eventType { named.delivery.eventType = eventType }
        return named
    }

    /// The event that a job is about; nil when there is no payload.
    static func event(of job: ClaimedJob) throws(PayloadError) -> Event? {
        try event(of: job, bytes(of: job))
    }

    private static func event(
        of job: ClaimedJob,
        _ bytes: Data?
    ) throws(PayloadError) -> Event? {
        guard let bytes else { return nil }
        let (event, type) = (job.delivery.event, job.delivery.eventType)
        // No header named the type, or it is the event's own: the body says which, as in routing.
        return event == type
            ? try Event.decode(event: event, payload: bytes)
            : try Event.decode(type: type, payload: bytes)
    }

    private static func bytes(of job: ClaimedJob) -> Data? {
        job.delivery.body.flatMap { body in
            ContentType(job.delivery.contentType).flatMap {
                SignedBytes.of(body: body, contentType: $0)
            }
        }
    }
}

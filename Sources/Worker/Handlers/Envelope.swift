import Foundation
import Gitea
import QueueCore
import Settings

/// What a handler reads on standard input, or as the body of a request.
///
/// docs/CONTRACT.md has the fields.
enum Envelope {
    /// The envelope around the payload exactly as it was sent; the payload is null when it was
    /// pruned.
    static func json(_ job: ClaimedJob, payload: HandlerPayload) -> Data {
        let delivery = job.delivery
        let head = """
            {"delivery":{"id":\(quoted(delivery.id.rawValue)),"seq":\(delivery.seq),\
            "source":\(quoted(delivery.source)),"event":\(quoted(delivery.event)),\
            "event_type":\(quoted(delivery.eventType)),\
            "received_at":\(quoted(delivery.receivedAt.rfc3339)),\
            "verified":\(delivery.verifiedBy != nil)},\
            "job":{"id":\(job.token.job),"route":\(quoted(job.route)),\
            "handler":\(quoted(job.handler.rawValue)),"attempt":\(job.token.attempt),\
            "token":\(quoted(job.token.description))},\
            "action":\(payload.action.map(quoted) ?? "null"),"trust":\(job.trust.map(quoted) ?? "null"),\
            "with":\(job.with),"payload":
            """
        // In one piece: a sum of three would copy the payload twice.
        let bytes = payload.bytes ?? Data("null".utf8)
        var json = Data(capacity: head.utf8.count + bytes.count + 2)
        json.append(contentsOf: head.utf8)
        json.append(bytes)
        json.append(contentsOf: "}\n".utf8)
        return json
    }

    private static func quoted(_ text: String) -> String {
        JSONText.quoted(text)
    }
}

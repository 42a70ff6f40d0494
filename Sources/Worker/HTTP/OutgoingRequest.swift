import Foundation
import Gitea
import Program
import QueueCore
import Settings

/// What a service is sent for a job; pure.
struct OutgoingRequest: Equatable {
    var url: String
    var headers: [HTTPHeader]
    var body: Data
}

/// A service with what is the same for all its requests.
struct HTTPService: Sendable {
    let settings: HTTPSettings
    private let template: BodyTemplate?
    private let signingKey: SigningKey?
    private let storeID: String

    /// - Throws: why its template is no good.
    init(_ settings: HTTPSettings, storeID: String) throws(BodyTemplate.Failure) {
        self.settings = settings
        self.storeID = storeID
        template = try settings.template.map { template throws(BodyTemplate.Failure) in
            try BodyTemplate(template, contentType: settings.contentType)
        }
        signingKey = settings.signingKey.map { SigningKey(id: "handler", key: $0.bytes) }
    }

    /// The request for a job.
    ///
    /// - Throws: when the template and the payload make no body that can be sent.
    func request(for job: ClaimedJob) throws(BodyTemplate.Failure) -> OutgoingRequest {
        let payload = HandlerPayload(of: job)
        let job = payload.named(job)
        let envelope = Envelope.json(job, payload: payload)
        let body = try template?.body(from: envelope) ?? envelope
        var headers =
            settings.headers + [
                HTTPHeader(name: "Content-Type", value: settings.contentType),
                HTTPHeader(name: "User-Agent", value: "samovar/\(ProgramVersion.current)"),
                // The same for every attempt: a receiver that knows it does the work once.
                HTTPHeader(name: "Idempotency-Key", value: "\(storeID)-\(job.token.job)"),
                HTTPHeader(name: "X-Samovar-Delivery", value: visible(job.delivery.id.rawValue)),
                HTTPHeader(name: "X-Samovar-Event", value: visible(job.delivery.eventType)),
                HTTPHeader(name: "X-Samovar-Job", value: "\(job.token.job)"),
                HTTPHeader(name: "X-Samovar-Attempt", value: "\(job.token.attempt)"),
                HTTPHeader(name: "X-Samovar-Token", value: "\(job.token)"),
            ]
        if let bearer = settings.bearer {
            let token = String(decoding: bearer.bytes, as: UTF8.self)
            headers.append(HTTPHeader(name: "Authorization", value: "Bearer \(token)"))
        }
        if let signingKey {
            let signature = signingKey.signature(of: body)
            headers.append(
                HTTPHeader(name: "X-Samovar-Signature-256", value: "sha256=\(signature)")
            )
        }
        return OutgoingRequest(url: settings.url, headers: headers, body: body)
    }

    /// A sender's text as the value of a header: what cannot stand in one is a question mark.
    private func visible(_ text: String) -> String {
        String(
            decoding: text.utf8.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }
}

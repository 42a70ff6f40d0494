import Gitea
import NIOCore
import QueueCore

/// Every answer the ingress gives, in the order of the checks.
///
/// docs/CONTRACT.md has the table.
enum Answer: Equatable {
    /// What is no HTTP/1.1 request.
    case malformedRequest
    case headTooLarge
    case notFound
    /// One constant body, as for all that asks who somebody is.
    case forbidden
    case methodNotAllowed
    case unsupportedContentType
    case unsupportedContentEncoding
    case badRequest(reason: String)
    case tooLarge(limit: Int)
    case timeout
    /// One constant body, whatever was wrong: it tells a forger nothing.
    case unauthorized
    /// In place of `unauthorized`, for a client that got it too often.
    case tooManyFailures(retryAfter: TimeAmount)
    case duplicate(DeliveryID, DeliverySeq)
    case conflict(DeliveryID, DeliverySeq)
    case unavailable(reason: String)
    case accepted(DeliveryID, DeliverySeq)
    /// Durable, and its seq is given when the store takes it.
    case spooled(DeliveryID)

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

    init(_ verdict: FailureThrottle.Verdict) {
        switch verdict {
        case .refused: self = .unauthorized
        case .tooMany(let time): self = .tooManyFailures(retryAfter: time)
        }
    }

    /// The status line's end: code and reason.
    private var status: StaticString {
        switch self {
        case .malformedRequest, .badRequest: "400 Bad Request"
        case .headTooLarge: "431 Request Header Fields Too Large"
        case .notFound: "404 Not Found"
        case .forbidden: "403 Forbidden"
        case .methodNotAllowed: "405 Method Not Allowed"
        case .unsupportedContentType, .unsupportedContentEncoding: "415 Unsupported Media Type"
        case .tooLarge: "413 Payload Too Large"
        case .timeout: "408 Request Timeout"
        case .unauthorized: "401 Unauthorized"
        case .tooManyFailures: "429 Too Many Requests"
        case .duplicate: "200 OK"
        case .conflict: "409 Conflict"
        case .unavailable: "503 Service Unavailable"
        case .accepted, .spooled: "202 Accepted"
        }
    }

    /// A header besides content type and length: a whole line, or nothing.
    private var header: String {
        switch self {
        case .methodNotAllowed: "Allow: POST\r\n"
        case .unavailable: "Retry-After: 5\r\n"
        case .tooManyFailures(let time): "Retry-After: \(Self.wholeSeconds(time))\r\n"
        // RFC 9110, section 11.6.1, asks for a challenge; no registered scheme is this one.
        case .unauthorized: "WWW-Authenticate: HMAC-SHA256 realm=\"webhooks\"\r\n"
        case .malformedRequest, .headTooLarge, .notFound, .forbidden, .unsupportedContentType,
            .unsupportedContentEncoding, .badRequest, .tooLarge, .timeout, .duplicate, .conflict,
            .accepted, .spooled:
            ""
        }
    }

    /// JSON, shown by Gitea to the hook's administrators.
    var body: String {
        switch self {
        case .malformedRequest, .headTooLarge, .notFound, .forbidden, .methodNotAllowed,
            .unsupportedContentType, .unsupportedContentEncoding, .badRequest, .tooLarge, .timeout,
            .unauthorized, .tooManyFailures, .unavailable:
            "{\"status\":\"error\",\"error\":\(JSONText.quoted(reason))}\n"
        case .duplicate(let id, let seq): Self.stored("duplicate", id, seq)
        case .conflict(let id, let seq): Self.stored("conflict", id, seq)
        case .accepted(let id, let seq): Self.stored("accepted", id, seq)
        case .spooled(let id):
            "{\"status\":\"accepted\",\"delivery\":\(JSONText.quoted(id.rawValue)),"
                + "\"durable\":\"spool\"}\n"
        }
    }

    /// Why a request was refused; empty for one that was not.
    var reason: String {
        switch self {
        case .malformedRequest: "this is no HTTP/1.1 request"
        case .headTooLarge: "the request's headers are too large or too many"
        case .notFound: "no webhook endpoint at this path"
        case .forbidden: "requests from this address are not taken"
        case .methodNotAllowed: "only POST: set the hook's method to POST"
        case .unsupportedContentType:
            "content type must be application/json or application/x-www-form-urlencoded"
        case .unsupportedContentEncoding: "the body must be sent without a Content-Encoding"
        case .badRequest(let reason): reason
        case .tooLarge(let limit): "the body is larger than \(limit) bytes"
        case .timeout: "the request did not arrive in time"
        case .unauthorized: "signature missing or wrong"
        case .tooManyFailures: "too many requests with a signature missing or wrong"
        case .unavailable(let reason): reason
        case .duplicate, .conflict, .accepted, .spooled: ""
        }
    }

    private static func stored(_ status: String, _ id: DeliveryID, _ seq: DeliverySeq) -> String {
        // Ids were checked to be printable ASCII; JSONText guards quotes and backslashes.
        "{\"status\":\"\(status)\",\"delivery\":\(JSONText.quoted(id.rawValue)),\"seq\":\(seq)}\n"
    }

    /// Rounded up: who waits so long does not come too early.
    private static func wholeSeconds(_ time: TimeAmount) -> Int64 {
        max(1, (time.nanoseconds + 999_999_999) / 1_000_000_000)
    }
}

extension Answer {
    /// Writes the whole response.
    ///
    /// As bytes: a response made of a dictionary of headers costs more than the commit's share of
    /// the request, and these heads have nothing in them that came from outside.
    ///
    /// - Parameters:
    ///   - buffer: where to.
    ///   - closes: whether the client is told that the connection ends.
    ///   - date: the header `Date`'s value.
    ///   - isHead: whether the request's method was HEAD, whose response has no body.
    func write(to buffer: inout ByteBuffer, closes: Bool, date: String, isHead: Bool) {
        let body = self.body
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeStaticString(status)
        buffer.writeStaticString("\r\nContent-Type: application/json\r\nContent-Length: ")
        buffer.writeString(String(body.utf8.count))
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(date)
        buffer.writeStaticString("\r\n")
        buffer.writeString(header)
        if closes { buffer.writeStaticString("Connection: close\r\n") }
        buffer.writeStaticString("\r\n")
        if !isHead { buffer.writeString(body) }
    }
}

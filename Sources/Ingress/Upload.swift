import Foundation
import Gitea
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import QueueCore

/// What the ingress serves: one source with its path and keys.
struct Source: Sendable {
    var name: String
    var path: String
    var keys: [SigningKey]
    var bodyBytesMax: Int
}

/// A delivery on its way in: its head was admitted, its body is arriving.
struct Upload {
    private let source: Source
    private let headers: WebhookHeaders
    private var check: SignatureCheck
    private var body = ByteBuffer()
    private var received = 0

    /// Checks a request's head, in the order of docs/CONTRACT.md.
    ///
    /// - Returns: the first refusal; or the upload, whose body may now be read.
    static func admit(
        _ head: HTTPRequestHead,
        source: Source
    ) -> Result<Upload, Refusal> {
        let path = head.uri.prefix { $0 != "?" }
        guard path == source.path else { return .failure(Refusal(.notFound)) }
        guard head.method == .POST else { return .failure(Refusal(.methodNotAllowed)) }
        let headers: WebhookHeaders
        do {
            headers = try WebhookHeaders(head.headers.lazy.map { (name: $0.name, value: $0.value) })
        } catch {
            return .failure(Refusal(Answer(error)))
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) }
        if let length, length > source.bodyBytesMax {
            return .failure(Refusal(.tooLarge(limit: source.bodyBytesMax)))
        }
        return .success(Upload(source: source, headers: headers, length: length))
    }

    private init(source: Source, headers: WebhookHeaders, length: Int?) {
        self.source = source
        self.headers = headers
        check = SignatureCheck(presented: headers.signatures, keys: source.keys)
        // A declared length is a promise, not a fact: only so much is set aside for it at once.
        body.reserveCapacity(min(length ?? 0, 64 << 10))
    }

    /// Takes a part of the body.
    ///
    /// - Returns: false when the body is longer than allowed.
    mutating func receive(_ part: ByteBuffer) -> Bool {
        received += part.readableBytes
        guard received <= source.bodyBytesMax else { return false }
        // Whoever cannot have signed it is answered all the same, but nothing is kept for him.
        if check.isSettled { return true }
        if headers.contentType == .json {
            unsafe part.withUnsafeReadableBytes { unsafe check.update($0) }
        }
        var part = part
        body.writeBuffer(&part)
        return true
    }

    /// Bytes held.
    var bytes: Int { body.readableBytes }

    /// Verifies the whole.
    ///
    /// - Returns: nil when no active secret signed these bytes, whatever the reason.
    mutating func finish(remote: String, receivedAt: Timestamp) -> Delivery? {
        if check.isSettled { return nil }
        let bytes = Data(buffer: body)
        if headers.contentType == .form {
            guard let payload = SignedBytes.of(body: bytes, contentType: .form) else { return nil }
            check.update(payload)
        }
        guard case .verified(let key) = check.finish() else { return nil }
        return Delivery(
            source: source.name,
            id: DeliveryID(rawValue: headers.deliveryID),
            event: headers.event,
            eventType: headers.eventType,
            targetType: headers.targetType,
            receivedAt: receivedAt,
            remote: remote,
            contentType: headers.contentType == .json
                ? "application/json" : "application/x-www-form-urlencoded",
            headers: headers.storedJSON(),
            verifiedBy: key,
            body: bytes
        )
    }
}

/// An answer that is known before the body is read.
struct Refusal: Error {
    var answer: Answer

    init(_ answer: Answer) {
        self.answer = answer
    }
}

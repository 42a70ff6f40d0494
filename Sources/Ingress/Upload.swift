import Foundation
import Gitea
import NIOCore
import NIOHTTP1
import QueueCore
import Settings

/// A delivery on its way in: its head was admitted, its body is arriving.
struct Upload {
    let source: Source
    private let headers: WebhookHeaders
    private let isChunked: Bool
    private var check: SignatureCheck
    private var body = Data()
    private var parts = 0

    /// Checks a request's head, in the order of docs/CONTRACT.md.
    ///
    /// - Returns: the first refusal; or the upload, whose body may now be read.
    static func admit(
        _ head: HTTPRequestHead,
        _ facts: RequestFacts,
        to source: Source?,
        from client: IPAddress?
    ) -> Result<Upload, Refusal> {
        guard let source else { return .failure(.answer(.notFound)) }
        guard source.admits(client) else { return .failure(.answer(.forbidden)) }
        guard head.method == .POST else { return .failure(.answer(.methodNotAllowed)) }
        guard !facts.isEncoded else { return .failure(.answer(.unsupportedContentEncoding)) }
        let headers: WebhookHeaders
        do {
            headers = try WebhookHeaders(head.headers.lazy.map { (name: $0.name, value: $0.value) })
        } catch {
            return .failure(.answer(Answer(error)))
        }
        if let length = facts.declaredBytes, length > source.bodyBytesMax {
            return .failure(.tooLarge(source))
        }
        if let cause = source.objection(to: facts.authorization) {
            return .failure(.unproven(cause))
        }
        let upload = Upload(source, headers, facts)
        if let cause = upload.flaw { return .failure(.unproven(cause)) }
        return .success(upload)
    }

    private init(_ source: Source, _ headers: WebhookHeaders, _ facts: RequestFacts) {
        self.source = source
        self.headers = headers
        isChunked = facts.framing == .chunks
        check = SignatureCheck(presented: headers.signatures, keys: source.keys)
        // A declared length is a promise, not a fact: only so much is set aside for it at once.
        body.reserveCapacity(min(facts.declaredBytes ?? 0, IngressLimits.smallBody))
    }

    /// Why its bytes cannot prove any more where it comes from; nil when they can, or need not, in
    /// observe mode.
    private var flaw: RefusalCause? {
        guard check.isSettled else { return nil }
        var check = check
        switch check.finish() {
        case .unsigned:
            guard source.verification == .enforce else { return nil }
            return headers.emptySignature.map(RefusalCause.emptySignature) ?? .noSignature
        case .wrong:
            let malformed = headers.signatures.first { !$0.isDigest }
            return malformed.map { RefusalCause.malformedSignature($0.header) } ?? .wrongSignature
        case .verified: preconditionFailure("no signature is right before its bytes are there")
        }
    }

    /// Takes a part of the body.
    ///
    /// - Returns: why no more is taken; nil as long as all is well.
    mutating func receive(_ part: ByteBuffer) -> Problem? {
        let received = body.count + part.readableBytes
        guard received <= source.bodyBytesMax else { return .tooLarge }
        if isChunked {
            parts += 1
            let partsMost =
                IngressLimits.partsAtLeast + received / IngressLimits.chunkBytesAdvised
            guard parts <= partsMost else { return .chunksTooSmall }
        }
        unsafe part.withUnsafeReadableBytes { bytes in
            if headers.contentType == .json { unsafe check.update(bytes) }
            unsafe body.append(contentsOf: bytes)
        }
        return nil
    }

    /// Whether most of what came in chunks is no body: extensions, leading zeros, trailers.
    ///
    /// One read of what follows the body may be among it.
    func isDwarfed(by bytes: Int) -> Bool {
        bytes - body.count > IngressLimits.smallBody + body.count
    }

    /// What ends an upload early.
    enum Problem {
        case tooLarge
        /// Each costs more than the bytes in it.
        case chunksTooSmall
    }

    /// What its refusal is told by.
    var seen: SeenRequest { SeenRequest(of: source, headers) }

    /// Bytes held.
    var bytes: Int { body.count }

    /// Verifies the whole.
    ///
    /// - Returns: the delivery; or why no active secret signed these bytes.
    mutating func finish(
        remote: String,
        receivedAt: Timestamp
    ) -> Result<Delivery, RefusalCause> {
        if !check.isSettled, headers.contentType == .form {
            guard let payload = SignedBytes.of(body: body, contentType: .form) else {
                return .failure(.noPayload)
            }
            check.update(payload)
        }
        let verifiedBy: String?
        switch check.finish() {
        case .verified(let key): verifiedBy = key
        // Admitted without a signature: in observe mode, or not at all.
        case .unsigned: verifiedBy = nil
        case .wrong: return .failure(.wrongSignature)
        }
        return .success(
            Delivery(
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
                verifiedBy: verifiedBy,
                body: body
            )
        )
    }
}

/// Why a request's body is not waited for.
enum Refusal: Error {
    case answer(Answer)
    case tooLarge(Source)
    /// No bearer token, no signature, or what cannot be one: nothing that follows can prove it.
    case unproven(RefusalCause)
}

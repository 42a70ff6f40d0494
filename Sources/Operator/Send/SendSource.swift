import Foundation
import Gitea
import Program

/// Makes deliveries of a subject, as many as are wanted.
struct SendSource {
    private let subject: SendSubject
    private let isExact: Bool
    private let contents: Data
    private let recording: RecordedDelivery?

    /// Reads the file, if there is one.
    init(_ subject: SendSubject, isExact: Bool) throws(Failure) {
        self.subject = subject
        self.isExact = isExact
        switch subject {
        case .sample:
            contents = Data()
            recording = nil
        case .payload(let file, _):
            contents = try Self.read(file)
            recording = nil
        case .recording(let file):
            let recording = try Self.recording(file)
            contents = recording.body
            self.recording = recording
        }
    }

    /// The next delivery; its body differs from that of the one before unless exact bytes are
    /// wanted.
    func next(deliveryID: String?, key: SigningKey) throws(Failure) -> SignedDelivery {
        let id = deliveryID ?? UUID().uuidString.lowercased()
        switch subject {
        case .sample(let eventType):
            guard let body = SamplePayload.body(eventType: eventType, stamp: Stamp.fresh()) else {
                preconditionFailure("a sample is one of the event types that have one")
            }
            return SignedDelivery(eventType: eventType, deliveryID: id, payload: body, key: key)
        case .payload(_, let eventType):
            let body = stamped(.json)
            return SignedDelivery(eventType: eventType, deliveryID: id, payload: body, key: key)
        case .recording(let file):
            return try resent(file, id, key)
        }
    }

    private func resent(
        _ file: String,
        _ id: String,
        _ key: SigningKey
    ) throws(Failure) -> SignedDelivery {
        let header = recording?.headers.first { $0.name.lowercased() == "content-type" }
        guard let recording, let contentType = ContentType(header?.value ?? "") else {
            throw Failure(.findings, "\(file): its content type is neither JSON nor form")
        }
        let delivery = SignedDelivery(
            recording,
            body: stamped(contentType),
            contentType: contentType,
            deliveryID: id,
            key: key
        )
        guard let delivery else {
            throw Failure(.findings, "\(file): its form has no single field 'payload' to sign")
        }
        return delivery
    }

    private func stamped(_ contentType: ContentType) -> Data {
        if isExact { return contents }
        if let body = Stamp.insert(Stamp.fresh(), into: contents, contentType) { return body }
        StandardError.note("note: the body is not a JSON object, and is sent as it is")
        return contents
    }
}

extension SendSource {
    /// Reads a recorded request.
    static func recording(_ file: String) throws(Failure) -> RecordedDelivery {
        let bytes = try read(file)
        do throws(RecordingError) {
            return try RecordedDelivery.parse(bytes)
        } catch {
            throw Failure(.findings, "\(file): \(error)", hint: error.operatorHint)
        }
    }

    /// Reads a file as it is.
    static func read(_ file: String) throws(Failure) -> Data {
        do {
            return try Data(contentsOf: URL(filePath: file))
        } catch {
            throw Failure(.notFound, "cannot read \(file): \(error.localizedDescription)")
        }
    }
}

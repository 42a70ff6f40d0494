import Foundation
import Gitea
import Testing

@testable import Operator

@Suite
struct SignedDeliveryTests {
    private let key = SigningKey(id: "k", key: Array("another secret".utf8))

    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/deliveries")

    private func values(_ name: String, in delivery: SignedDelivery) -> [String] {
        delivery.headers.filter { $0.name.lowercased() == name }.map(\.value)
    }

    @Test(arguments: ["push-branch", "issues-opened-form"], [true, false])
    func `a recording is sent under a new id with a signature that verifies`(
        name: String,
        isExact: Bool
    ) throws {
        let file = Self.fixtures.appending(path: "\(name).http").path(percentEncoded: false)
        let recording = try RecordedDelivery.parse(Data(contentsOf: URL(filePath: file)))
        let source = try SendSource(.recording(file: file), isExact: isExact)
        let delivery = try source.next(deliveryID: nil, key: key)
        let type = try #require(ContentType(values("content-type", in: delivery).first ?? ""))
        let signed = try #require(SignedBytes.of(body: delivery.body, contentType: type))
        let signature = key.signature(of: signed)
        #expect((delivery.body == recording.body) == isExact)
        #expect(values("x-gitea-signature", in: delivery) == [signature])
        #expect(values("x-gogs-signature", in: delivery) == [signature])
        #expect(values("x-hub-signature-256", in: delivery) == ["sha256=\(signature)"])
        #expect(values("x-hub-signature", in: delivery).isEmpty)
        for family in ["gitea", "gogs", "github"] {
            #expect(values("x-\(family)-delivery", in: delivery) == [delivery.deliveryID])
        }
        for left in ["host", "content-length", "accept-encoding"] {
            #expect(values(left, in: delivery).isEmpty)
        }
        #expect(recording.headers.allSatisfy { $0.value != delivery.deliveryID })
        #expect(delivery.eventType == name.prefix { $0 != "-" })
    }

    @Test
    func `a recording without an id or a signature gets both`() throws {
        let file = Data("POST / HTTP/1.1\nContent-Type: application/json\n\n{}".utf8)
        let recording = try RecordedDelivery.parse(file)
        let delivery = try #require(
            SignedDelivery(
                recording,
                body: recording.body,
                contentType: .json,
                deliveryID: "d-1",
                key: key
            )
        )
        #expect(values("x-gitea-delivery", in: delivery) == ["d-1"])
        #expect(values("x-gitea-signature", in: delivery) == [key.signature(of: Data("{}".utf8))])
    }

    @Test
    func `a JSON file goes out under the event it is said to be`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let file = try folder.write("a.json", #"{"a":1}"#)
            let subject = SendSubject.payload(file: file, eventType: "issue_label")
            let source = try SendSource(subject, isExact: true)
            let delivery = try source.next(deliveryID: "d-1", key: key)
            #expect(delivery.body == Data(#"{"a":1}"#.utf8))
            #expect(values("x-gitea-event", in: delivery) == ["issues"])
            #expect(values("x-gitea-event-type", in: delivery) == ["issue_label"])
            #expect(values("x-gitea-delivery", in: delivery) == ["d-1"])
        }
    }

    @Test
    func `two samples differ in id and body`() throws {
        let source = try SendSource(.sample("push"), isExact: false)
        let first = try source.next(deliveryID: nil, key: key)
        let second = try source.next(deliveryID: nil, key: key)
        #expect(first.deliveryID != second.deliveryID)
        #expect(first.body != second.body)
    }

    @Test(arguments: [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret")])
    func `one line break at the end of a secret's file is not part of it`(
        text: String,
        key: String
    ) async throws {
        try await TemporaryFolder.with { folder async throws in
            let file = try folder.write("secret", text)
            #expect(try SecretFile.read(file) == Array(key.utf8))
        }
    }
}

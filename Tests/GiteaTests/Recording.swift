import Foundation
import Gitea
import Testing

/// One of the recorded deliveries in `Tests/Fixtures/deliveries`.
struct Recording: Sendable, CustomTestStringConvertible {
    let name: String

    /// What every recorded hook had as its secret.
    static let key = SigningKey(id: "recorded", key: Array("s3cret".utf8))

    static let all: [Recording] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (files ?? [])
            .filter { $0.hasSuffix(".http") }
            .map { Recording(name: String($0.dropLast(".http".count))) }
            .sorted { $0.name < $1.name }
    }()

    var testDescription: String { name }

    func read() throws -> RecordedDelivery {
        let file = Self.folder.appendingPathComponent("\(name).http")
        return try RecordedDelivery.parse(Data(contentsOf: file))
    }

    func payload() throws -> (headers: WebhookHeaders, payload: Data) {
        let recorded = try read()
        let headers = try WebhookHeaders(recorded.headers)
        let payload = SignedBytes.of(body: recorded.body, contentType: headers.contentType)
        return (headers, try #require(payload))
    }

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/deliveries")
}

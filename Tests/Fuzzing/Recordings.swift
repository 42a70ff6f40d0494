import Foundation
package import Gitea

/// What Gitea really sent: `Tests/Fixtures/deliveries`.
package enum Recordings {
    package static let all: [RecordedDelivery] = {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("Fixtures/deliveries")
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []
        let deliveries = names.filter { $0.hasSuffix(".http") }.compactMap { name in
            (try? Data(contentsOf: folder.appendingPathComponent(name))).flatMap { file in
                try? RecordedDelivery.parse(file)
            }
        }
        precondition(!deliveries.isEmpty, "no recordings in \(folder.path)")
        return deliveries
    }()

    /// Bodies of forms.
    static let forms = all.filter { isForm($0) }.map { Array($0.body) }

    /// Event types and JSON bodies.
    static let payloads = all.filter { !isForm($0) }.map { delivery in
        (
            type: header("X-Gitea-Event-Type", of: delivery) ?? "push",
            text: Array(delivery.body)
        )
    }

    private static func isForm(_ delivery: RecordedDelivery) -> Bool {
        header("Content-Type", of: delivery)?.contains("form") == true
    }

    private static func header(_ name: String, of delivery: RecordedDelivery) -> String? {
        delivery.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

import Foundation
import Gitea

/// The recorded deliveries in `Tests/Fixtures/deliveries`.
struct Recording: Sendable {
    let name: String
    let delivery: RecordedDelivery

    static func all() throws -> [Recording] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".http") }
            .sorted()
            .map { file in
                let bytes = try Data(contentsOf: folder.appendingPathComponent(file))
                return Recording(name: file, delivery: try RecordedDelivery.parse(bytes))
            }
    }

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/deliveries")
}

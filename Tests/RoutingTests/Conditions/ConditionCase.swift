import Foundation
import Gitea
import Testing

@testable import QueueCore
@testable import Routing
@testable import Settings

/// One line of a table: a delivery, a condition, and why it does not hold.
///
/// `recording | condition | reason`: the recording's name, perhaps with a JSON object that is
/// merged into its payload; what stands in `when: { … }`; nothing when the route matches, `~ reason`
/// when it does because more may be so than the payload shows.
struct ConditionCase: CustomTestStringConvertible, Sendable {
    let line: String
    let recording: String
    let patch: String
    let condition: String
    let reason: String

    init(_ line: String) {
        self.line = line
        let parts = line.components(separatedBy: " | ")
        let source = parts[0].split(separator: " ", maxSplits: 1)
        recording = String(source[0])
        patch = source.count > 1 ? String(source[1]) : "{}"
        condition = parts[1]
        reason = parts.count > 2 ? parts[2] : ""
    }

    var testDescription: String { line }

    static func table(_ lines: String) -> [ConditionCase] {
        lines.split(separator: "\n").map { ConditionCase(String($0)) }
    }

    /// What came of it, as the line has it.
    func result() throws -> String {
        let route = try Self.route("{ name: r, on: \"*\", when: { \(condition) }, run: h }")
        let match = try RouteMatch(route, facts())
        return switch match {
        case .matches(let assumption, _): assumption.map { "~ \($0)" } ?? ""
        case .fails(let reason): reason
        }
    }

    func facts(at receivedAt: Timestamp = Timestamp(rawValue: 0)) throws -> EventFacts {
        let (type, payload) = try Self.recorded(recording)
        let event = try Event.decode(type: type, payload: Self.merged(payload, patch))
        try #require(event.disagreement == nil)
        return EventFacts(
            event,
            receivedAt: receivedAt,
            source: "default",
            targetType: "organization"
        )
    }

    // MARK: Parts

    /// A route read as from a file.
    static func route(_ yaml: String) throws -> RouteSettings {
        let routes = try routes("- \(yaml)")
        return try #require(routes.first)
    }

    static func routes(_ yaml: String) throws -> [RouteSettings] {
        let reading = Reading(file: "samovar.yaml", folder: "/", secrets: .skip)
        let node = try Document.compose(yaml, file: "samovar.yaml")
        let setting = Setting(node: node, path: "routes", reading: reading)
        let routes = RouteSettings.all(setting, handlers: nil)
        try #require(reading.errors.isEmpty, "\(reading.errors)")
        return routes
    }

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .appendingPathComponent("../../Fixtures")

    /// A recording's event type and payload.
    static func recorded(_ name: String) throws -> (type: String, payload: Data) {
        let places = ["deliveries", "gitea-1.26"].map {
            folder.appendingPathComponent("\($0)/\(name).http")
        }
        let place = places.first { FileManager.default.fileExists(atPath: $0.path) }
        let file = try Data(contentsOf: try #require(place, "no recording is called \(name)"))
        let recorded = try RecordedDelivery.parse(file)
        let headers = try WebhookHeaders(recorded.headers)
        let payload = SignedBytes.of(body: recorded.body, contentType: headers.contentType)
        return (headers.eventType, try #require(payload))
    }

    private static func merged(_ payload: Data, _ patch: String) throws -> Data {
        guard patch != "{}" else { return payload }
        let object = try JSONSerialization.jsonObject(with: payload)
        let changes = try JSONSerialization.jsonObject(with: Data(patch.utf8))
        return try JSONSerialization.data(withJSONObject: merged(object, changes))
    }

    private static func merged(_ old: Any, _ new: Any) -> Any {
        guard var object = old as? [String: Any], let changes = new as? [String: Any] else {
            return new
        }
        for (key, value) in changes {
            // A member that is "gone" is taken away; null stays null.
            if value as? String == "gone" {
                object[key] = nil
            } else {
                object[key] = merged(object[key] ?? [String: Any](), value)
            }
        }
        return object
    }
}

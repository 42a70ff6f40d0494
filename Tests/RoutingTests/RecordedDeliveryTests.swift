import Foundation
import Gitea
import QueueCore
import Routing
import Settings
import Testing

@Suite
struct RecordedDeliveryTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/deliveries")

    static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (files ?? []).filter { $0.hasSuffix(".http") }.sorted()
    }()

    @Test
    func `there are recordings`() {
        #expect(Self.names.count >= 50)
    }

    @Test(arguments: names)
    func `every recording is routed by a route for everything`(name: String) throws {
        let file = try Data(contentsOf: Self.folder.appendingPathComponent(name))
        let recorded = try RecordedDelivery.parse(file)
        let headers = try WebhookHeaders(recorded.headers)
        let contentType =
            headers.contentType == .json
            ? "application/json" : "application/x-www-form-urlencoded"
        let routes = [
            RouteSettings(name: "everything", events: .any, run: "h", lane: .repository),
            RouteSettings(name: "typed", events: .types([headers.eventType]), run: "h"),
            RouteSettings(name: "others", events: .types(["no such type"]), run: "h"),
        ]
        let decision = Router(routes: routes, gates: GateSettings(tests: .run)).decide(
            .sample(type: headers.eventType, contentType: contentType, body: recorded.body)
        )
        #expect(decision.verdict == .routed)
        #expect(decision.jobs.map(\.route) == ["everything", "typed"])
        #expect(decision.jobs.first?.lane?.hasPrefix("default/repo:") == true)
        #expect(decision.jobs.first?.repo.contains("/") == true)
        #expect(decision.payloadSHA256?.count == 64)
        let record = try JSONSerialization.jsonObject(with: Data(decision.explanation.utf8))
        #expect((record as? [String: Any])?["event_type"] as? String == headers.eventType)
    }
}

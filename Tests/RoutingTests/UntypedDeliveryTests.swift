import Foundation
import Gitea
import QueueCore
import Settings
import Testing

@testable import Routing

/// Requests of Gogs, and of Gitea before 1.16, which send no type header.
@Suite
struct UntypedDeliveryTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/untyped")

    private static func delivery(_ name: String) throws -> WaitingDelivery {
        let file = try Data(contentsOf: folder.appendingPathComponent("\(name).http"))
        let recorded = try RecordedDelivery.parse(file)
        let headers = try WebhookHeaders(recorded.headers)
        #expect(!headers.isTyped)
        var delivery = WaitingDelivery.sample(
            type: headers.event,
            contentType: "application/json",
            body: recorded.body
        )
        delivery.isTyped = headers.isTyped
        return delivery
    }

    @Test(arguments: [
        ("gogs-pull_request-synchronized", "pull_request_sync"),
        ("gogs-pull_request-opened", "pull_request"),
        ("gogs-issue_comment-on-pull", "pull_request_comment"),
        ("gitea-1.15-pull_request_approved", "pull_request_review_approved"),
    ])
    func `it reaches the routes of the type that its body is of`(
        name: String,
        type: String
    ) throws {
        let routes = EventTypes.all.map {
            RouteSettings(name: $0, events: .types([$0]), run: "h")
        }
        let decision = Router(routes: routes).decide(try Self.delivery(name))
        #expect(decision.verdict == .routed)
        #expect(decision.jobs.map(\.route) == [type])
        #expect(decision.explanation.hasPrefix(#"{"event_type":"\#(type)","#))
    }

    @Test
    func `with a type header it is of another type than the header says`() throws {
        var delivery = try Self.delivery("gogs-pull_request-synchronized")
        delivery.isTyped = true
        let decision = Router(routes: []).decide(delivery)
        #expect(decision.verdict == .mismatched)
    }

    @Test
    func `a body outside of the event's group is mismatched`() throws {
        var delivery = try Self.delivery("gogs-pull_request-synchronized")
        for event in ["issues", "push", "pull_request_approved"] {
            delivery.eventType = event
            #expect(Router(routes: []).decide(delivery).verdict == .mismatched, "\(event)")
        }
    }

    @Test
    func `a pull request of Gogs is asked for its branch`() throws {
        let route = try ConditionCase.route(
            "{ name: r, on: pull_request, when: { branch: main }, run: h }"
        )
        let decision = Router(routes: [route])
            .decide(try Self.delivery("gogs-pull_request-opened"))
        #expect(decision.jobs.count == 1)
    }
}

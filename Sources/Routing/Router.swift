import Foundation
import Gitea
package import QueueCore
package import Settings

/// Decides what deliveries mean.
///
/// A pure function of a delivery's bytes and the configured routes: it asks nobody, waits for
/// nothing, and says of every route why it matched or not.
package struct Router: Sendable {
    private let routes: [RouteSettings]

    package init(routes: [RouteSettings]) {
        self.routes = routes
    }

    /// The verdict on one stored delivery, with the jobs that follow from it: one for each route
    /// that matches, in the order of the configuration.
    package func decide(_ delivery: WaitingDelivery) -> Decision {
        if delivery.tries >= QueueCore.Limits.routingTriesMost { return poison(delivery) }
        let payload: Data
        switch Self.payload(of: delivery) {
        case .success(let bytes): payload = bytes
        case .failure(let reason):
            return malformed(delivery, reason: reason.text, payloadSHA256: nil)
        }
        let digest = SHA256.hex(of: payload)
        let event: Event
        do {
            event = try Event.decode(type: delivery.eventType, payload: payload)
        } catch {
            return malformed(delivery, reason: error.description, payloadSHA256: digest)
        }

        let matches = routes.map { route in (route: route, match: RouteMatch(route, event)) }
        let jobs = matches.compactMap { route, match in
            match.isMatch ? Self.job(route, event: event, source: delivery.source) : nil
        }
        let isIgnored = jobs.isEmpty
        return Decision(
            target: delivery.target,
            verdict: isIgnored ? .ignored : .routed,
            reason: isIgnored ? "no route matches" : nil,
            explanation: Explanation.json(
                event: event,
                matches: matches.map { ($0.route.name, $0.match) }
            ),
            payloadSHA256: digest,
            isTest: event.isTestDelivery,
            jobs: jobs
        )
    }

    /// It is not even looked at: that is what took the workers down.
    private func poison(_ delivery: WaitingDelivery) -> Decision {
        let reason = "poison: \(delivery.tries) workers died while routing it"
        return Decision(
            target: delivery.target,
            verdict: .dead,
            reason: reason,
            explanation: Explanation.json(malformed: reason),
            payloadSHA256: nil,
            jobs: []
        )
    }

    private struct Unreadable: Error {
        var text: String
    }

    private static func payload(of delivery: WaitingDelivery) -> Result<Data, Unreadable> {
        guard let contentType = ContentType(delivery.contentType) else {
            return .failure(Unreadable(text: "unknown content type \(delivery.contentType)"))
        }
        guard let payload = SignedBytes.of(body: delivery.body, contentType: contentType) else {
            return .failure(Unreadable(text: "the form body has no readable field 'payload'"))
        }
        return .success(payload)
    }

    private func malformed(
        _ delivery: WaitingDelivery,
        reason: String,
        payloadSHA256: String?
    ) -> Decision {
        Decision(
            target: delivery.target,
            verdict: .malformed,
            reason: reason,
            explanation: Explanation.json(malformed: reason),
            payloadSHA256: payloadSHA256,
            jobs: []
        )
    }

    private static func job(_ route: RouteSettings, event: Event, source: String) -> NewJob {
        NewJob(
            route: route.name,
            handler: HandlerName(rawValue: route.run),
            with: route.with,
            repo: event.repository?.fullName ?? "",
            lane: route.lane.flatMap { Lane.key($0, event: event, source: source) },
            redelivery: route.isRerunWhenRedelivered ? .rerun : .once
        )
    }
}

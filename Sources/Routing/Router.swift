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
        do throws(PayloadError) {
            let event = try Event.decode(type: delivery.eventType, payload: payload)
            guard event.known != nil else {
                return ignored(delivery, event, reason: "unknown event type", digest)
            }
            if let reason = event.disagreement {
                return mismatched(delivery, event, reason: reason, digest)
            }
            return try decide(delivery, event, digest)
        } catch {
            return malformed(delivery, reason: error.description, payloadSHA256: digest)
        }
    }

    /// - Throws: when a route reads a member of the payload that is not what it should be.
    private func decide(
        _ delivery: WaitingDelivery,
        _ event: Event,
        _ digest: String
    ) throws(PayloadError) -> Decision {
        var matches: [(route: String, match: RouteMatch)] = []
        matches.reserveCapacity(routes.count)
        var jobs: [NewJob] = []
        for route in routes {
            let match = try RouteMatch(route, event)
            matches.append((route.name, match))
            if match.isMatch {
                jobs.append(try Self.job(route, event: event, source: delivery.source))
            }
        }
        let isIgnored = jobs.isEmpty
        return Decision(
            target: delivery.target,
            verdict: isIgnored ? .ignored : .routed,
            reason: isIgnored ? "no route matches" : nil,
            explanation: Explanation.json(event: event, matches: matches),
            payloadSHA256: digest,
            isTest: try event.isTestDelivery,
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

    /// What no route is asked about.
    private func ignored(
        _ delivery: WaitingDelivery,
        _ event: Event,
        reason: String,
        _ digest: String
    ) -> Decision {
        Decision(
            target: delivery.target,
            verdict: .ignored,
            reason: reason,
            explanation: Explanation.json(event: event, matches: []),
            payloadSHA256: digest,
            jobs: []
        )
    }

    private func mismatched(
        _ delivery: WaitingDelivery,
        _ event: Event,
        reason: String,
        _ digest: String
    ) -> Decision {
        Decision(
            target: delivery.target,
            verdict: .mismatched,
            reason: reason,
            explanation: Explanation.json(event: event, mismatched: reason),
            payloadSHA256: digest,
            jobs: []
        )
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

    private static func job(
        _ route: RouteSettings,
        event: Event,
        source: String
    ) throws(PayloadError) -> NewJob {
        let repository = try event.repository.fullName
        var lane: String?
        if let kind = route.lane { lane = try Lane.key(kind, event: event, source: source) }
        return NewJob(
            route: route.name,
            handler: HandlerName(rawValue: route.run),
            with: route.with,
            repo: repository ?? "",
            lane: lane,
            redelivery: route.isRerunWhenRedelivered ? .rerun : .once
        )
    }
}

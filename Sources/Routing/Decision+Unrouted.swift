import Gitea
import QueueCore

/// Decisions on deliveries that no route is asked about.
extension Decision {
    /// It is not even looked at: that is what took the workers down.
    static func poison(_ delivery: WaitingDelivery) -> Decision {
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

    /// The bytes are not what they should be.
    static func malformed(
        _ delivery: WaitingDelivery,
        _ reason: String,
        _ digest: String?
    ) -> Decision {
        Decision(
            target: delivery.target,
            verdict: .malformed,
            reason: reason,
            explanation: Explanation.json(malformed: reason),
            payloadSHA256: digest,
            jobs: []
        )
    }

    /// Header and body tell of different events.
    static func mismatched(
        _ delivery: WaitingDelivery,
        _ event: Event,
        _ reason: String,
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
}

import Gitea
import QueueCore
import Settings

/// What one route says to an event.
struct RouteAnswer: Sendable {
    let route: RouteSettings
    let outcome: Outcome

    /// What comes of it.
    enum Outcome: Equatable, Sendable {
        /// This job, which is run, or would be if the route were not in shadow mode.
        ///
        /// What is assumed, the payload does not show enough of.
        case job(NewJob, trust: TrustVerdict, assuming: String?)
        /// All conditions hold, and a gate holds the event back.
        case held(GateVerdict)
        /// The first condition that does not hold.
        case fails(because: String)
    }

    /// The job, if it is to be run.
    var job: NewJob? {
        guard case .job(let job, _, _) = outcome, route.mode == .run else { return nil }
        return job
    }

    /// Whether there would be a job if the route were not in shadow mode.
    var isShadow: Bool {
        guard case .job = outcome else { return false }
        return route.mode == .shadow
    }
}

extension RouteAnswer {
    /// Why nothing is run; said of the answers of all routes.
    static func reason(for answers: [RouteAnswer]) -> String {
        let shadows = answers.filter(\.isShadow)
        if !shadows.isEmpty {
            return "only routes in shadow mode match: "
                + shadows.map(\.route.name).joined(separator: ", ")
        }
        for answer in answers {
            if case .held(let gate) = answer.outcome { return gate.reason }
        }
        return "no route matches"
    }
}

extension GateVerdict {
    /// As a route's reason has it: `gate bots: sender 7 is in trust.bots`.
    var reason: String { "gate \(gate.rawValue): \(because)" }
}

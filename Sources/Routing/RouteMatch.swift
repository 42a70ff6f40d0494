import Gitea
import Settings

/// Whether one route matches an event, and if not, which condition failed on which value.
enum RouteMatch: Equatable {
    case matches

    /// It runs because the payload does not show enough to say that it should not.
    case matchesAssuming(String)

    case fails(because: String)

    var isMatch: Bool {
        switch self {
        case .matches, .matchesAssuming: true
        case .fails: false
        }
    }

    /// Asks one condition after the other, up to the first that fails.
    ///
    /// - Throws: when a condition reads a member of the payload that is not what it should be.
    init(_ route: RouteSettings, _ facts: EventFacts) throws(PayloadError) {
        if let reason = Self.failure(of: route.events, facts.event) {
            self = .fails(because: reason)
            return
        }
        var match = ConditionMatch(facts)
        if try !match.holds(route.when) {
            self = .fails(because: try match.reason(route.when))
        } else if let assumption = match.assumption {
            self = .matchesAssuming(assumption)
        } else {
            self = .matches
        }
    }

    private static func failure(of events: EventSelection, _ event: Event) -> String? {
        switch events {
        case .any: nil
        case .types(let types):
            types.contains(event.type)
                ? nil : "event type is \(event.type), not \(types.joined(separator: " or "))"
        }
    }
}

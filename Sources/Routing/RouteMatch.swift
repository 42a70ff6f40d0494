import Gitea
import Settings

/// Whether one route matches an event, and if not, which condition failed on which value.
enum RouteMatch: Equatable {
    /// It runs; what is assumed, the payload does not show enough of to say that it should not.
    case matches(assuming: String? = nil, command: GivenCommand? = nil)

    case fails(because: String)

    var isMatch: Bool {
        switch self {
        case .matches: true
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
        } else {
            self = .matches(assuming: match.assumption, command: match.command)
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

import QueueCore
import Routing
import Settings

/// What a worker goes by, of one configuration: taken over as one, between two looks of the loop.
///
/// An attempt keeps to the rules under which it started.
final class Rules: Sendable {
    let configuration: Configuration
    let router: Router
    let runners: HandlerRunners

    /// ``HandlerRunners/close()`` must be called in the end.
    init(_ configuration: Configuration, _ runners: HandlerRunners) {
        self.configuration = configuration
        self.runners = runners
        router = Router(
            routes: configuration.routes,
            gates: configuration.gates,
            trust: configuration.trust
        )
    }

    /// The names that jobs refer to.
    var handlers: [HandlerName] {
        configuration.handlers.map { HandlerName(rawValue: $0.name) }
    }
}

/// Rules that no longer count, until what started under them has ended.
struct RetiredRules: Sendable {
    let rules: Rules
    let running: Set<AttemptToken>
}

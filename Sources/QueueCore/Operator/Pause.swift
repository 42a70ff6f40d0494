/// What can be paused: its jobs wait, and nothing else changes.
package enum PauseTarget: Hashable, Sendable {
    case everything
    case handler(HandlerName)
    case route(String)
    /// Its key, as the jobs have it.
    case lane(String)

    /// As in table `pause`.
    package var kind: String {
        switch self {
        case .everything: "everything"
        case .handler: "handler"
        case .route: "route"
        case .lane: "lane"
        }
    }

    /// As in table `pause`: empty for everything.
    package var name: String {
        switch self {
        case .everything: ""
        case .handler(let handler): handler.rawValue
        case .route(let route): route
        case .lane(let lane): lane
        }
    }

    /// Reads a row of table `pause`; nil for what its CHECK refuses.
    init?(kind: String, name: String) {
        switch kind {
        case "everything": self = .everything
        case "handler": self = .handler(HandlerName(rawValue: name))
        case "route": self = .route(name)
        case "lane": self = .lane(name)
        default: return nil
        }
    }
}

/// A pause that is in force.
package struct Pause: Equatable, Sendable {
    package var target: PauseTarget
    package var reason: String?
    package var since: Timestamp

    package init(target: PauseTarget, reason: String?, since: Timestamp) {
        self.target = target
        self.reason = reason
        self.since = since
    }

    /// Whether it keeps such a job from running.
    func concerns(_ handler: HandlerName, route: String, lane: String?) -> Bool {
        switch target {
        case .everything: true
        case .handler(let name): name == handler
        case .route(let name): name == route
        case .lane(let name): name == lane
        }
    }
}

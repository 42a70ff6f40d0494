import Gitea
import Settings

/// Whether one route matches an event, and if not, which condition failed on which value.
enum RouteMatch: Equatable {
    case matches
    case fails(because: String)

    var isMatch: Bool { self == .matches }

    /// Asks one condition after the other, up to the first that fails.
    ///
    /// - Throws: when a condition reads a member of the payload that is not what it should be.
    init(_ route: RouteSettings, _ event: Event) throws(PayloadError) {
        if let reason = Self.failure(of: route.events, event) {
            self = .fails(because: reason)
        } else if let reason = try Self.failure(of: route.action, event) {
            self = .fails(because: reason)
        } else if let branch = route.branch, let reason = try Self.failure(of: branch, event) {
            self = .fails(because: reason)
        } else {
            self = .matches
        }
    }

    private static func failure(of events: EventSelection, _ event: Event) -> String? {
        switch events {
        case .any: nil
        case .types(let types):
            types.contains(event.type)
                ? nil : "event type is \(event.type), not \(list(types))"
        }
    }

    private static func failure(
        of actions: [String]?,
        _ event: Event
    ) throws(PayloadError) -> String? {
        guard let actions else { return nil }
        guard let action = try event.action else { return "the event has no action" }
        return actions.contains(action) ? nil : "action is \(action), not \(list(actions))"
    }

    private static func failure(
        of condition: BranchCondition,
        _ event: Event
    ) throws(PayloadError) -> String? {
        guard let ref = try event.ref else { return "the event has no branch" }
        guard let branch = ref.branch else { return "\(ref.full) is not a branch" }
        let defaultBranch = try event.repository.defaultBranch
        // Without it, `{ not: default }` would hold for every branch, the default one included.
        if defaultBranch == nil, namesDefault(condition) {
            return "the payload does not name the default branch"
        }
        let isMet = meets(condition, branch: branch, defaultBranch: defaultBranch)
        return isMet ? nil : "branch is \(branch), not \(text(condition))"
    }

    private static func meets(
        _ condition: BranchCondition,
        branch: String,
        defaultBranch: String?
    ) -> Bool {
        switch condition {
        case .defaultBranch: branch == defaultBranch
        case .named(let name): branch == name
        case .any(let conditions):
            conditions.contains { meets($0, branch: branch, defaultBranch: defaultBranch) }
        case .not(let condition):
            !meets(condition, branch: branch, defaultBranch: defaultBranch)
        }
    }

    private static func namesDefault(_ condition: BranchCondition) -> Bool {
        switch condition {
        case .defaultBranch: true
        case .named: false
        case .any(let conditions): conditions.contains(where: namesDefault)
        case .not(let condition): namesDefault(condition)
        }
    }

    private static func text(_ condition: BranchCondition) -> String {
        switch condition {
        case .defaultBranch: "the default branch"
        case .named(let name): name
        case .any(let conditions): list(conditions.map(text))
        case .not(let condition): "other than \(text(condition))"
        }
    }

    private static func list(_ words: [String]) -> String {
        words.joined(separator: " or ")
    }
}

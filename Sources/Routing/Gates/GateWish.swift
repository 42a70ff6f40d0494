import Settings

/// What a route's condition asks for of what gates hold back.
///
/// A route asks by naming it, anywhere in its `when`: a bot's id as `sender`, `test: true`, or
/// `mirror: true`. Then the gate lets such events through to this route, and the condition alone
/// decides.
struct GateWish: Equatable, Sendable {
    /// The ids that it wants as senders.
    private(set) var senders: Set<Int64> = []
    private(set) var tests = false
    private(set) var mirrors = false

    init(_ condition: Condition) {
        collect(condition, isWanted: true)
    }

    /// Takes what is named; inside of a `not` nothing is wanted but the opposite.
    private mutating func collect(_ condition: Condition, isWanted: Bool) {
        switch condition {
        case .all(let parts), .any(let parts):
            for part in parts { collect(part, isWanted: isWanted) }
        case .not(let part):
            collect(part, isWanted: !isWanted)
        case .fact(.test, let value):
            if value == isWanted { tests = true }
        case .fact(.mirror, let value):
            if value == isWanted { mirrors = true }
        case .sender(let tests):
            guard isWanted else { return }
            for case .id(let id) in tests { senders.insert(id) }
        case .action, .branch, .tag, .title, .label, .milestone, .author, .repository, .fact,
            .paths, .pathsOutside, .ref, .time, .command, .value, .headBranch, .headRepository,
            .assignee:
            break
        }
    }
}

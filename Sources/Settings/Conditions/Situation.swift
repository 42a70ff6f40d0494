/// One of the things that Gitea and Forgejo can report, as far as conditions tell them apart.
///
/// All of them together say which conditions can hold for an event type, and which never hold
/// together.
struct Situation: Sendable {
    /// The event type.
    var type: String

    /// Whether this version knows nothing of it but what all events have.
    var isNewer = false

    var action: String?

    /// Whether it is about a branch or tag, and which.
    var reference: Reference?

    /// What happens to it.
    var change: RefChangeTest?

    /// Gitea's test delivery.
    var isTest = false

    /// Of what is about a pull request, whether it is merged and a draft.
    var pull: (isMerged: Bool, isDraft: Bool)?

    enum Reference: Sendable {
        case branch, tag
    }
}

extension Situation {
    /// All there are.
    static let all: [Situation] = EventTypes.all.flatMap(of)

    /// Every action there is, each once.
    static let actions: [String] = EventTypes.all.flatMap { actionsOfTypes[$0] ?? [] }
        .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }

    /// The actions of each type that has some.
    ///
    /// - Source: go-gitea/gitea: modules/structs/hook.go, services/webhook/notifier.go,
    ///   services/convert/convert.go; Forgejo: services/webhook/notifier.go
    private static let actionsOfTypes: [String: [String]] = [
        "issues": ["opened", "closed", "reopened", "edited", "deleted"],
        "issue_assign": ["assigned", "unassigned"],
        "issue_label": ["label_updated", "label_cleared"],
        "issue_milestone": ["milestoned", "demilestoned"],
        "issue_comment": ["created", "edited", "deleted"],
        "pull_request": ["opened", "closed", "reopened", "edited", "deleted"],
        "pull_request_assign": ["assigned", "unassigned"],
        "pull_request_label": ["label_updated", "label_cleared"],
        "pull_request_milestone": ["milestoned", "demilestoned"],
        "pull_request_sync": ["synchronized"],
        "pull_request_comment": ["created", "edited", "deleted"],
        "pull_request_review_request": ["review_requested", "review_request_removed"],
        "pull_request_review_approved": ["reviewed"],
        "pull_request_review_rejected": ["reviewed"],
        "pull_request_review_comment": ["reviewed"],
        "wiki": ["created", "edited", "deleted"],
        "repository": ["created", "deleted"],
        "release": ["published", "updated", "deleted"],
        "package": ["created", "deleted"],
        "workflow_job": ["queued", "waiting", "in_progress", "completed"],
        "workflow_run": ["requested", "in_progress", "completed"],
        "action_run_failure": ["failure"],
        "action_run_recover": ["recover"],
        "action_run_success": ["success"],
    ]

    private static func of(_ type: String) -> [Situation] {
        switch type {
        case "push":
            let pushes = RefChangeTest.allCases.flatMap { change -> [Situation] in
                [Reference.branch, .tag].map {
                    Situation(type: type, reference: $0, change: change)
                }
            }
            return pushes + [Situation(type: type, reference: .branch, isTest: true)]
        case "create", "delete":
            let change = type == "create" ? RefChangeTest.created : .deleted
            return [Reference.branch, .tag].map {
                Situation(type: type, reference: $0, change: change)
            }
        default:
            let actions: [String?] = Self.actionsOfTypes[type] ?? [nil]
            return actions.flatMap { action -> [Situation] in
                let one = Situation(type: type, action: action)
                guard one.isAboutPull else { return [one] }
                return [(false, false), (false, true), (true, false), (true, true)].compactMap {
                    // What was just opened, or got new commits, is not merged.
                    let isOpen = action == "opened" || action == "synchronized"
                    guard !(isOpen && $0.0) else { return nil }
                    var pull = one
                    pull.pull = (isMerged: $0.0, isDraft: $0.1)
                    return pull
                }
            }
        }
    }
}

// MARK: - What is known in it

extension Situation {
    /// Whether a condition can be met here.
    ///
    /// - Parameters:
    ///   - condition: what is asked.
    ///   - isWanted: whether it, or its opposite, is to hold.
    /// - Returns: false when it never is, whatever people write.
    func admits(_ condition: Condition, isWanted: Bool = true) -> Bool {
        switch condition {
        case .all(let parts):
            isWanted
                ? parts.allSatisfy { admits($0) }
                : parts.contains { admits($0, isWanted: false) }
        case .any(let parts):
            isWanted
                ? parts.contains { admits($0) }
                : parts.allSatisfy { admits($0, isWanted: false) }
        case .not(let part): admits(part, isWanted: !isWanted)
        case .action(let words): action.map { words.contains($0) == isWanted } ?? isNewer
        case .branch: hasBranch
        case .tag: reference == .tag || type == "release"
        case .title, .author: isAboutIssue || isAboutPull || type == "release"
        case .label, .milestone: isAboutIssue || isAboutPull
        case .sender, .time: true
        case .repository: type != "package"
        case .fact(let fact, let value): admits(fact, value == isWanted)
        // The test delivery changes nothing, so no path fits.
        case .paths, .pathsOutside: changesPaths && !(isTest && isWanted)
        case .ref(let changes):
            // The test delivery changes nothing: it is none of the three.
            if let change {
                changes.contains(change) == isWanted
            } else {
                isTest && !isWanted
            }
        case .command(let command): admits(command, isWanted)
        case .value(let text, _): has(text)
        case .headBranch, .headRepository: isAboutPull
        case .assignee: isAboutIssue || isAboutPull
        }
    }

    private func admits(_ fact: EventFact, _ value: Bool) -> Bool {
        switch fact {
        case .isPull: isAboutPull ? value : isAboutIssue && !value
        case .merged: pull.map { $0.isMerged == value } ?? false
        case .draft: pull.map { $0.isDraft == value } ?? false
        case .fromFork: isAboutPull
        case .test: isTest == value
        case .archived, .private, .fork, .mirror: type != "package"
        }
    }

    private func admits(_ command: CommandTest, _ isWanted: Bool) -> Bool {
        let isGiven: Bool
        switch type {
        case "issue_comment", "pull_request_comment":
            isGiven = action == "created" || action == "edited" && command.countsEdited
        case "pull_request_review_approved", "pull_request_review_rejected",
            "pull_request_review_comment":
            isGiven = action == "reviewed"
        case "issues", "pull_request": isGiven = action == "opened"
        default: return false
        }
        return isGiven || !isWanted
    }

    private func has(_ text: EventText) -> Bool {
        switch text {
        case .source, .targetType: true
        case .status: type == "status" || isWorkflow || isActionRun
        case .conclusion: isWorkflow && action == "completed"
        case .workflow: type == "workflow_run" || isActionRun
        case .context: type == "status"
        case .message: type == "status" || type == "push" && change != .deleted
        case .labelAdded, .labelRemoved: type == "issue_label" || type == "pull_request_label"
        }
    }

    private var isWorkflow: Bool { type == "workflow_run" || type == "workflow_job" }

    private var isActionRun: Bool { !isNewer && type.hasPrefix("action_run") }

    private var isAboutIssue: Bool { !isNewer && type.hasPrefix("issue") }

    private var isAboutPull: Bool { !isNewer && type.hasPrefix("pull_request") }

    private var hasBranch: Bool {
        reference == .branch || isAboutPull || type == "workflow_job" || type == "workflow_run"
    }

    private var changesPaths: Bool {
        type == "push" && reference == .branch && change != .deleted
    }
}

/// What tells the bodies of one event type from those of all others.
///
/// The header that names the type is not signed, the body is: a captured body that is sent again
/// as another type must not run what that type would. Only the members that tell types apart
/// count; what Gitea adds in later versions does not matter.
struct EventShape: Sendable {
    /// Members that must be there, each with its kind.
    fileprivate var needs: [Mark]

    /// Members that must not be there as what another type has there.
    fileprivate var lacks: [Mark] = []

    /// What tells apart types whose members are the same.
    fileprivate var variant = Variant.none

    /// A member of one kind.
    struct Mark: Sendable {
        let field: PayloadField
        let kind: JSONKind
    }

    /// A member whose value tells types apart.
    enum Variant: Sendable {
        case none
        /// `action` is this type's, or none of these.
        case action([String: EventType])
        /// `review.type` is this type's, or none that is known.
        case review
        /// `is_pull` is this, or `issue.pull_request` is there.
        case isPull(Bool)
    }

    /// The shape of every type.
    private static let all = Dictionary(
        uniqueKeysWithValues: EventType.allCases.map { ($0, EventShape($0.family)) }
    )

    private static func of(_ type: EventType) -> EventShape {
        guard let shape = all[type] else { preconditionFailure("every event type has a shape") }
        return shape
    }

    private init(_ family: EventType.Family) {
        switch family {
        case .push:
            self.init(
                [.string(.ref), .string(.before), .string(.after)],
                lacks: [.string(.refType)]
            )
        case .create:
            self.init([.string(.ref), .string(.refType)], lacks: [.string(.pusherType)])
        case .delete:
            self.init([.string(.ref), .string(.refType), .string(.pusherType)])
        case .fork:
            self.init([.object(.forkee)])
        case .issue:
            self.init(
                [.object(.issue), .string(.action)],
                lacks: [.object(.comment), .object(.pull)],
                .action(Self.issueActions)
            )
        case .issueComment:
            self.init(
                [.object(.issue), .object(.comment)],
                lacks: [.object(.pull)],
                .isPull(false)
            )
        case .pullRequestComment:
            self.init([.object(.issue), .object(.comment)], .isPull(true))
        case .pullRequest:
            self.init(
                [.object(.pull), .string(.action)],
                lacks: Self.besidePull + [.object(.review)],
                .action(Self.pullRequestActions)
            )
        case .review:
            self.init([.object(.pull), .object(.review)], lacks: Self.besidePull, .review)
        case .wiki:
            self.init([.string(.page)])
        case .repository:
            self.init([.object(.repository), .string(.action)], lacks: Self.allButRepository)
        case .release:
            self.init([.object(.release)])
        case .package:
            self.init([.object(.package)])
        case .status:
            self.init([.string(.state), .string(.sha), .string(.context)])
        case .workflowJob:
            self.init([.object(.workflowJob)])
        case .workflowRun:
            self.init([.object(.workflowRun)])
        case .actionRun:
            self.init([.object(.run), .string(.action)], .action(Self.runActions))
        }
    }

    private init(_ needs: [Mark], lacks: [Mark] = [], _ variant: Variant = .none) {
        self.needs = needs
        self.lacks = lacks
        self.variant = variant
    }

    /// What other types have beside a pull request.
    private static let besidePull: [Mark] = [
        .object(.issue), .object(.comment), .object(.workflowRun), .object(.workflowJob),
    ]

    /// What every type but `repository` has, and it has not.
    private static let allButRepository: [Mark] = [
        .object(.issue), .object(.comment), .object(.pull), .object(.release), .object(.forkee),
        .object(.package), .object(.workflowRun), .object(.workflowJob), .object(.run),
        .string(.ref), .string(.page), .string(.state),
    ]
}

extension EventShape.Mark {
    fileprivate static func object(_ field: PayloadField) -> Self {
        Self(field: field, kind: .object)
    }

    fileprivate static func string(_ field: PayloadField) -> Self {
        Self(field: field, kind: .string)
    }
}

// MARK: - Comparing

extension EventShape {
    /// What of a body is not as its type wants it, with the path; nil when all is.
    ///
    /// Quotes nothing of the body but words that Samovar knows.
    static func flaw(of payload: Payload, as type: EventType) -> String? {
        let shape = of(type)
        for mark in shape.needs {
            guard let found = payload.kind(of: mark.field) else {
                return "\(mark.field.path) is missing"
            }
            guard found == mark.kind else {
                return "\(mark.field.path): expected \(mark.kind.rawValue), "
                    + "found \(found.rawValue)"
            }
        }
        for mark in shape.lacks where payload.kind(of: mark.field) == mark.kind {
            return "there is \(mark.field.path)"
        }
        do throws(PayloadError) {
            return try shape.variant.flaw(of: payload, as: type)
        } catch {
            return error.reason
        }
    }

    /// The types whose bodies look like this one.
    static func types(of payload: Payload) -> [EventType] {
        EventType.allCases.filter { flaw(of: payload, as: $0) == nil }
    }
}

extension EventShape.Variant {
    fileprivate func flaw(of payload: Payload, as type: EventType) throws(PayloadError) -> String? {
        switch self {
        case .none:
            return nil
        case .action(let owners):
            guard let action = try payload.text(.action), let owner = owners[action], owner != type
            else { return nil }
            return "action is \(action), which is of \(owner.rawValue)"
        case .review:
            guard let name = try payload.text(.reviewType),
                let found = Self.reviews[name], found != type
            else { return nil }
            return "review.type is \(name)"
        case .isPull(let expected):
            if let found = try payload.boolean(.isPull) {
                return found == expected ? nil : "is_pull is \(found)"
            }
            // Before Gitea 1.11 only the issue says it.
            guard payload.has(.issuePull) != expected else { return nil }
            return expected
                ? "is_pull and issue.pull_request are missing" : "there is issue.pull_request"
        }
    }

    /// The type of `review.type`; servers before Gitea 1.16 write the names of events there.
    private static let reviews: [String: EventType] = [
        "pull_request_review_approved": .pullRequestReviewApproved,
        "pull_request_review_rejected": .pullRequestReviewRejected,
        "pull_request_review_comment": .pullRequestReviewComment,
        "pull_request_approved": .pullRequestReviewApproved,
        "pull_request_rejected": .pullRequestReviewRejected,
        "pull_request_comment": .pullRequestReviewComment,
    ]
}

// MARK: - Actions

/// The actions of types with the same members.
///
/// - Source: go-gitea/gitea: modules/structs/hook.go, services/webhook/notifier.go;
///   Forgejo: services/webhook/notifier.go
extension EventShape {
    private static let issueActions: [String: EventType] = [
        "opened": .issues, "closed": .issues, "reopened": .issues, "edited": .issues,
        "deleted": .issues,
        "assigned": .issueAssign, "unassigned": .issueAssign,
        "label_updated": .issueLabel, "label_cleared": .issueLabel,
        "milestoned": .issueMilestone, "demilestoned": .issueMilestone,
    ]

    private static let pullRequestActions: [String: EventType] = [
        "opened": .pullRequest, "closed": .pullRequest, "reopened": .pullRequest,
        "edited": .pullRequest, "deleted": .pullRequest,
        "assigned": .pullRequestAssign, "unassigned": .pullRequestAssign,
        "label_updated": .pullRequestLabel, "label_cleared": .pullRequestLabel,
        "milestoned": .pullRequestMilestone, "demilestoned": .pullRequestMilestone,
        "synchronized": .pullRequestSync,
        "review_requested": .pullRequestReviewRequest,
        "review_request_removed": .pullRequestReviewRequest,
    ]

    private static let runActions: [String: EventType] = [
        "failure": .actionRunFailure, "recover": .actionRunRecover, "success": .actionRunSuccess,
    ]
}

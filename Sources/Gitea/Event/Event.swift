package import FoundationEssentials

/// What a delivery is about, decoded from the stored bytes.
///
/// Making one checks the whole payload; what it says is decoded when it is asked for, and what the
/// payload lacks, or has as null, is nil. A member of the wrong type throws where it is read, with
/// its path, and disturbs nobody who does not ask for it.
package struct Event: Sendable {
    /// The event type: `issue_label`.
    package let type: String

    /// The event type; nil for one that this version does not know.
    package let known: EventType?

    let payload: Payload

    /// What the header says: a type, or where none is sent an event.
    private let header: String

    /// Decodes a payload.
    ///
    /// The whole payload is checked, not just the members that are read: what this returns for is
    /// well-formed JSON. Whether header and body agree is another question: `disagreement`.
    ///
    /// - Parameters:
    ///   - type: the event type that the headers say.
    ///   - payload: the signed bytes.
    /// - Returns: the event.
    /// - Throws: `.malformed`, with the position or the path of the member.
    package static func decode(type: String, payload: Data) throws(PayloadError) -> Event {
        Event(
            type: type,
            known: EventType(rawValue: type),
            payload: try Payload(payload),
            header: type
        )
    }

    /// Decodes a payload that came without a type header: from Gogs, and Gitea before 1.16.
    ///
    /// The event names a group of types, and the body which of them it is. A body of none of them
    /// is in disagreement with what the event is the name of.
    ///
    /// - Parameters:
    ///   - event: the grouped event that the headers say: `issues`.
    ///   - payload: the signed bytes.
    /// - Returns: the event, with its exact type: `issue_label`.
    /// - Throws: `.malformed`, with the position or the path of the member.
    package static func decode(event: String, payload: Data) throws(PayloadError) -> Event {
        let payload = try Payload(payload)
        let members = EventType.members(ofEvent: event)
        let fitting = members.filter { EventShape.flaw(of: payload, as: $0) == nil }
        // A word that is not known yet fits all of a group: then it is the one of the event's name.
        let known =
            fitting.first { $0.rawValue == event } ?? fitting.first
            ?? EventType(rawValue: event) ?? members.first
        return Event(
            type: known?.rawValue ?? event,
            known: known,
            payload: payload,
            header: event
        )
    }

    /// Why the body is not what the header says; nil when it is, or the type is unknown.
    ///
    /// The headers are not signed. What this is not nil for must not run.
    package var disagreement: String? {
        guard let known, let flaw = EventShape.flaw(of: payload, as: known) else { return nil }
        let types = EventShape.types(of: payload).map(\.rawValue)
        let found = types.isEmpty ? "no known type" : types.joined(separator: " or ")
        return "the header says \(header), the body is of \(found): \(flaw)"
    }
}

// MARK: - Every event

extension Event {
    /// What happened: `opened`; nil for types without actions.
    package var action: String? {
        get throws(PayloadError) { try payload.text(.action) }
    }

    /// The repository; of a fork the new one.
    ///
    /// Its members are nil where a payload has none, as that of `package`.
    package var repository: Repository {
        Repository(payload, family == .actionRun ? .run : .usual)
    }

    /// Who did it.
    package var sender: User {
        family == .actionRun
            ? User(payload, id: .runUserID, login: .runUserLogin)
            : User(payload, id: .senderID, login: .senderLogin)
    }

    /// Whether it is about a pull request, its comments and reviews too; nil for types that are
    /// about neither an issue nor a pull request.
    package var isPull: Bool? {
        switch family {
        case .pullRequest, .pullRequestComment, .review: true
        case .issue, .issueComment: false
        case .push, .create, .delete, .fork, .wiki, .repository, .release, .package, .status,
            .workflowJob, .workflowRun, .actionRun, nil:
            nil
        }
    }

    private var family: EventType.Family? { known?.family }
}

// MARK: - What it is about

extension Event {
    /// The issue or pull request: its title, labels, milestone, author; nil for other types.
    ///
    /// Issues and pull requests share one sequence of numbers in a repository.
    package var issue: Issue? {
        switch family {
        // Since Gitea 1.23 a comment on a pull request has both; the issue it always had.
        case .issue, .issueComment, .pullRequestComment: Issue(payload, .issue)
        case .pullRequest, .review: Issue(payload, .pull)
        case .push, .create, .delete, .fork, .wiki, .repository, .release, .package, .status,
            .workflowJob, .workflowRun, .actionRun, nil:
            nil
        }
    }

    /// The pull request's branches; nil for types that are not about one, or do not show it.
    package var pullRequest: PullRequest? {
        isPull == true && payload.has(.pull) ? PullRequest(payload) : nil
    }

    /// The comment; nil for other types.
    package var comment: Comment? {
        family == .issueComment || family == .pullRequestComment ? Comment(payload) : nil
    }

    /// The review; nil for other types.
    package var review: Review? {
        family == .review ? Review(payload) : nil
    }

    /// The push; nil for other types.
    package var push: Push? {
        known == .push ? Push(payload) : nil
    }

    /// The release; nil for other types.
    package var release: Release? {
        known == .release ? Release(payload) : nil
    }

    /// The package; nil for other types.
    package var package: Package? {
        known == .package ? Package(payload) : nil
    }

    /// The commit status, workflow or action run; nil for other types.
    package var run: Run? {
        switch family {
        case .status: Run(payload, .status)
        case .workflowRun: Run(payload, .workflowRun)
        case .workflowJob: Run(payload, .workflowJob)
        case .actionRun: Run(payload, .actionRun)
        case .push, .create, .delete, .fork, .issue, .issueComment, .pullRequest,
            .pullRequestComment, .review, .wiki, .repository, .release, .package, nil:
            nil
        }
    }

    /// The name of the wiki page; nil for other types.
    package var wikiPage: String? {
        get throws(PayloadError) { known == .wiki ? try payload.text(.page) : nil }
    }

    /// The repository that was forked; nil for other types.
    ///
    /// Gitea has it the other way round than its names say: `forkee` is the source, and
    /// `repository` the new fork.
    ///
    /// - Source: go-gitea/gitea: services/webhook/notifier.go (ForkRepository)
    package var forkedFrom: Repository? {
        known == .fork ? Repository(payload, .forkee) : nil
    }

    /// The branch or tag that was pushed, created or deleted; nil for all other types.
    package var ref: GitReference? {
        get throws(PayloadError) {
            if let push { return try push.ref }
            guard family == .create || family == .delete else { return nil }
            return try GitReference(payload.text(.ref), type: payload.text(.refType))
        }
    }

    /// What happened to the branch or tag; nil for types that are not about one.
    package var refChange: RefChange? {
        get throws(PayloadError) {
            if family == .create { return .created }
            if family == .delete { return .deleted }
            return try push?.change
        }
    }

    /// Whether this is Gitea's test delivery: a push that changes nothing.
    ///
    /// - Source: go-gitea/gitea: routers/api/v1/repo/hook.go (TestHook)
    package var isTestDelivery: Bool {
        get throws(PayloadError) { try push?.change == .unchanged }
    }
}

/// What happens to a branch or tag.
package enum RefChange: String, Sendable {
    /// It is new.
    case created
    /// It was somewhere else before.
    case updated
    /// It is gone.
    case deleted
    /// It stays where it is: Gitea's test delivery.
    case unchanged
}

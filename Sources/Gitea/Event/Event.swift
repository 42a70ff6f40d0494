package import FoundationEssentials

/// What a delivery is about, as far as routing reads it.
///
/// A field that the payload lacks, or has as null, is nil. A field is read only for the types that
/// define it, so an unknown event is not malformed because it means something else by `ref`.
package struct Event: Sendable, Equatable {
    /// The event type: `issue_label`.
    package let type: String

    /// What happened: `opened`; nil for types without actions.
    package let action: String?

    /// The repository; nil too when the payload has one without an id or a full name.
    package let repository: RepositoryReference?

    /// The branch or tag that was pushed, created or deleted; nil for all other types.
    package let ref: GitReference?

    /// The number of the issue or the pull request, which share one sequence in a repository.
    package let issueNumber: Int64?

    /// The id of the user who did it; negative for Gitea's built-in users.
    package let senderID: Int64?

    /// The commit before a push, zeros when the reference is new.
    package let before: String?

    /// The commit after a push, zeros when the reference is gone.
    package let after: String?

    /// Whether this is Gitea's test delivery: a push that changes nothing.
    ///
    /// - Source: go-gitea/gitea: routers/api/v1/repo/hook.go (TestHook)
    package var isTestDelivery: Bool {
        guard type == "push", let before, let after else { return false }
        return before == after
    }

    /// Decodes a payload.
    ///
    /// The whole payload is checked, not just the fields that are read: what this returns for is
    /// well-formed JSON.
    ///
    /// - Parameters:
    ///   - type: the event type that the headers say.
    ///   - payload: the signed bytes.
    /// - Returns: the event.
    /// - Throws: `.malformed`, with the position or the path of the field.
    package static func decode(type: String, payload: Data) throws(PayloadError) -> Event {
        var fields = EventFields(family: EventType.Family(type: type))
        var reader = try JSONReader([UInt8](payload))
        try reader.document { (reader, key) throws(PayloadError) in
            try fields.read(key, from: &reader)
        }
        return Event(
            type: type,
            action: fields.action,
            repository: fields.repository,
            ref: fields.reference,
            issueNumber: fields.issueNumber,
            senderID: fields.senderID,
            before: fields.before,
            after: fields.after
        )
    }
}

/// The fields of one payload, in whatever order they come.
private struct EventFields {
    let family: EventType.Family
    var action: String?
    var repository: RepositoryReference?
    var senderID: Int64?
    var before: String?
    var after: String?
    private var ref: String?
    private var refType: String?
    private var number: Int64?
    private var issue: Int64?
    private var pullRequest: Int64?

    init(family: EventType.Family) {
        self.family = family
    }

    var reference: GitReference? {
        switch family {
        case .push: ref.map { GitReference(full: $0) }
        case .reference: ref.map { GitReference($0, type: refType) }
        case .issue, .pullRequest, .other: nil
        }
    }

    var issueNumber: Int64? {
        switch family {
        case .issue: issue ?? number
        case .pullRequest: number ?? pullRequest ?? issue
        case .push, .reference, .other: nil
        }
    }

    mutating func read(_ key: String, from reader: inout JSONReader) throws(PayloadError) {
        switch (key, family) {
        case ("action", _):
            action = try reader.string(at: key)
        case ("repository", _):
            repository = try Self.repository(from: &reader)
        case ("sender", _):
            senderID = try Self.integer("id", of: key, from: &reader)
        case ("ref", .push), ("ref", .reference):
            ref = try reader.string(at: key)
        case ("ref_type", .reference):
            refType = try reader.string(at: key)
        case ("before", .push), ("before", .pullRequest):
            before = try reader.string(at: key)
        case ("after", .push), ("after", .pullRequest):
            after = try reader.string(at: key)
        case ("number", .issue), ("number", .pullRequest):
            number = try reader.integer(at: key)
        case ("issue", .issue), ("issue", .pullRequest):
            issue = try Self.integer("number", of: key, from: &reader)
        case ("pull_request", .pullRequest):
            pullRequest = try Self.integer("number", of: key, from: &reader)
        default:
            try reader.skip()
        }
    }

    private static func repository(
        from reader: inout JSONReader
    ) throws(PayloadError) -> RepositoryReference? {
        var id: Int64?
        var fullName: String?
        var defaultBranch: String?
        _ = try reader.object(at: "repository") { (reader, key) throws(PayloadError) in
            switch key {
            case "id": id = try reader.integer(at: "repository.id")
            case "full_name": fullName = try reader.string(at: "repository.full_name")
            case "default_branch":
                defaultBranch = try reader.string(at: "repository.default_branch")
            default: try reader.skip()
            }
        }
        guard let id, let fullName else { return nil }
        return RepositoryReference(id: id, fullName: fullName, defaultBranch: defaultBranch)
    }

    /// One number in an object; nil when either is missing.
    private static func integer(
        _ name: String,
        of object: String,
        from reader: inout JSONReader
    ) throws(PayloadError) -> Int64? {
        var value: Int64?
        _ = try reader.object(at: object) { (reader, key) throws(PayloadError) in
            if key == name {
                value = try reader.integer(at: "\(object).\(name)")
            } else {
                try reader.skip()
            }
        }
        return value
    }
}

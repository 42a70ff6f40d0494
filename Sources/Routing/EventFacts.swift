import Foundation
package import Gitea
package import QueueCore
import Settings

/// What conditions ask about one delivery, each decoded once for all routes.
package final class EventFacts {
    /// What happened.
    package let event: Event

    /// When Samovar took the delivery: `time` is asked about this, so that a replay is decided
    /// like its delivery.
    package let receivedAt: Timestamp

    /// The source that took the delivery.
    private let source: String

    /// What the hook belongs to; nil where no header says it.
    private let targetType: String?

    private var actionOnce = Once<String?>()
    private var branchOnce = Once<BranchFact>()
    private var defaultBranchOnce = Once<String?>()
    private var titleOnce = Once<String?>()
    private var labelsOnce = Once<[String]?>()
    private var milestoneOnce = Once<MilestoneFact>()
    private var senderOnce = Once<NamedFact>()
    private var authorOnce = Once<NamedFact>()
    private var assigneesOnce = Once<[NamedFact]?>()
    private var repositoryOnce = Once<NamedFact>()
    private var headRepositoryOnce = Once<NamedFact>()
    private var texts: [EventText: [String]?] = [:]
    private var commandLinesOnce = Once<CommentLines?>()
    private var changedPathsOnce = Once<ChangedPaths?>()

    /// What was asked about the changed paths, and the answer: a walk over thousands of them, which
    /// several routes and a reason may want.
    private var pathAnswers: [PathQuestion: Bool] = [:]

    /// The facts of an event; nothing is decoded yet.
    package init(
        _ event: Event,
        receivedAt: Timestamp,
        source: String,
        targetType: String?
    ) {
        self.event = event
        self.receivedAt = receivedAt
        self.source = source
        self.targetType = targetType
    }
}

extension EventFacts {
    /// The facts of a delivery; nothing is decoded yet.
    convenience init(_ event: Event, _ delivery: WaitingDelivery) {
        self.init(
            event,
            receivedAt: delivery.receivedAt,
            source: delivery.source,
            targetType: delivery.targetType
        )
    }
}

/// Somebody or something by its two names.
struct NamedFact {
    var id: Int64?
    var name: String?

    var text: String? {
        switch (name, id) {
        case (let name?, let id?): "\(name) (\(id))"
        case (let name?, nil): name
        case (nil, let id?): "id \(id)"
        case (nil, nil): nil
        }
    }
}

/// What there is where a branch could be.
enum BranchFact {
    case branch(String)
    /// A tag, or something else: its full name.
    case otherRef(String)
    case missing
}

/// What there is where a milestone could be.
enum MilestoneFact {
    case title(String)
    /// The issue is in no milestone.
    case none
    case missing
}

extension EventFacts {
    var action: String? {
        get throws(PayloadError) {
            try actionOnce.value { () throws(PayloadError) in try event.action }
        }
    }

    var branch: BranchFact {
        get throws(PayloadError) {
            try branchOnce.value { () throws(PayloadError) in
                if let ref = try event.ref {
                    return ref.branch.map { .branch($0) } ?? .otherRef(ref.full)
                }
                let name =
                    if let pull = event.pullRequest {
                        try pull.base.ref
                    } else {
                        try event.run?.branch
                    }
                return name.map { .branch($0) } ?? .missing
            }
        }
    }

    var defaultBranch: String? {
        get throws(PayloadError) {
            try defaultBranchOnce.value { () throws(PayloadError) in
                try event.repository.defaultBranch
            }
        }
    }

    var tag: String? {
        get throws(PayloadError) {
            if let ref = try event.ref { return ref.tag }
            return try event.release?.tag
        }
    }

    var title: String? {
        get throws(PayloadError) {
            try titleOnce.value { () throws(PayloadError) in
                if let issue = event.issue { return try issue.title }
                return try event.release?.title
            }
        }
    }

    var labels: [String]? {
        get throws(PayloadError) {
            try labelsOnce.value { () throws(PayloadError) in try event.issue?.labels }
        }
    }

    var milestone: MilestoneFact {
        get throws(PayloadError) {
            try milestoneOnce.value { () throws(PayloadError) in
                guard let issue = event.issue else { return .missing }
                return try issue.milestone.map { .title($0) } ?? .none
            }
        }
    }

    var sender: NamedFact {
        get throws(PayloadError) {
            try senderOnce.value { () throws(PayloadError) in try Self.user(event.sender) }
        }
    }

    var author: NamedFact {
        get throws(PayloadError) {
            try authorOnce.value { () throws(PayloadError) in
                guard let author = event.issue?.author ?? event.release?.author else {
                    return NamedFact()
                }
                return try Self.user(author)
            }
        }
    }

    /// Those whom it is assigned to; nil of what nobody can be assigned to.
    var assignees: [NamedFact]? {
        get throws(PayloadError) {
            try assigneesOnce.value { () throws(PayloadError) in
                try event.issue?.assignees.map { NamedFact(id: $0.id, name: $0.login) }
            }
        }
    }

    /// The branch with the changes of a pull request.
    var headBranch: String? {
        get throws(PayloadError) { try event.pullRequest?.head.ref }
    }

    /// The repository with the changes of a pull request.
    var headRepository: NamedFact {
        get throws(PayloadError) {
            try headRepositoryOnce.value { () throws(PayloadError) in
                let head = event.pullRequest?.head
                return NamedFact(id: try head?.repositoryID, name: try head?.repositoryName)
            }
        }
    }

    /// The texts that there are of a kind, one of which is enough; nil when the event has none.
    func values(of text: EventText) throws(PayloadError) -> [String]? {
        if let known = texts[text] { return known }
        let found = try read(text)
        texts.updateValue(found, forKey: text)
        return found
    }

    private func read(_ text: EventText) throws(PayloadError) -> [String]? {
        let single: String?
        switch text {
        case .status: single = try event.run?.status
        case .conclusion: single = try event.run?.conclusion
        case .context: single = try event.run?.context
        case .message:
            if let push = event.push {
                single = try push.headMessage
            } else {
                single = try event.run?.message
            }
        case .source: single = source
        case .targetType: single = targetType
        case .workflow:
            let names = try event.run?.workflow ?? []
            return names.isEmpty ? nil : names
        case .labelAdded: return try event.addedLabels
        case .labelRemoved: return try event.removedLabels
        }
        return single.map { [$0] }
    }

    var repository: NamedFact {
        get throws(PayloadError) {
            try repositoryOnce.value { () throws(PayloadError) in
                NamedFact(id: try event.repository.id, name: try event.repository.fullName)
            }
        }
    }

    /// The lines of the text that may give commands; nil when there is no such text.
    var commandLines: CommentLines? {
        get throws(PayloadError) {
            try commandLinesOnce.value { () throws(PayloadError) in
                try CommandText(event)?.text.map { CommentLines($0) }
            }
        }
    }

    /// What a push to a branch changes; nil of everything else.
    var changedPaths: ChangedPaths? {
        get throws(PayloadError) {
            try changedPathsOnce.value { () throws(PayloadError) in
                guard let push = event.push, case .branch = try branch else { return nil }
                return try ChangedPaths(push)
            }
        }
    }

    /// Whether a listed path fits one of these patterns, or, with `isOutside`, none of them.
    func changes(
        _ globs: [Glob],
        isOutside: Bool,
        in changed: ChangedPaths
    ) -> Bool {
        let question = PathQuestion(globs, isOutside: isOutside)
        if let known = pathAnswers[question] { return known }
        let answer = changed.listed.contains { path in
            globs.contains { $0.matches(path) } != isOutside
        }
        pathAnswers[question] = answer
        return answer
    }

    /// The moment of `receivedAt`.
    var moment: Date {
        Date(timeIntervalSince1970: Double(receivedAt.rawValue) / 1_000_000)
    }

    private static func user(_ user: Event.User) throws(PayloadError) -> NamedFact {
        NamedFact(id: try user.id, name: try user.login)
    }
}

/// The paths that a push changes, as far as that is known.
struct ChangedPaths {
    /// Those that are listed; none when they are too many to look at.
    let listed: [String]

    /// Why there may be others; nil when these are all.
    let unlisted: String?

    /// Reads them; nil when the branch is gone, or what happened to it is not known.
    init?(_ push: Event.Push) throws(PayloadError) {
        guard let change = try push.change, change != .deleted else { return nil }
        let paths = try push.changedPaths(
            atMost: Limits.changedPathsMax,
            bytes: Limits.changedPathsBytesMax
        )
        listed = paths ?? []
        unlisted =
            if paths == nil {
                "the push lists more paths than are looked at"
            } else if change == .created {
                // Of a new branch Gitea looks at the last commits alone.
                "the branch is new, so the push may change more paths than it lists"
            } else if try push.listsAllCommits != true {
                "the push does not list all of its commits, so it may change more paths"
            } else if change == .updated, try push.listsNoCommit {
                // Gitea lists what is new: nothing is, when a branch is forced back.
                "the push goes back to an older commit, so it may change any path"
            } else {
                nil
            }
    }
}

/// What is asked about changed paths, compared by bytes.
private struct PathQuestion: Hashable {
    private let patterns: [[UInt8]]
    private let isOutside: Bool

    init(_ globs: [Glob], isOutside: Bool) {
        patterns = globs.map { Array($0.source.utf8) }
        self.isOutside = isOutside
    }
}

/// A value that is decoded when it is asked for the first time.
private struct Once<Value> {
    private var found: Value?

    mutating func value(
        _ decode: () throws(PayloadError) -> Value
    ) throws(PayloadError) -> Value {
        if let found { return found }
        let value = try decode()
        found = value
        return value
    }
}

import Foundation
package import Gitea
package import QueueCore

/// What conditions ask about one delivery, each decoded once for all routes.
package final class EventFacts {
    /// What happened.
    package let event: Event

    /// When Samovar took the delivery: `time` is asked about this, so that a replay is decided
    /// like its delivery.
    package let receivedAt: Timestamp

    private var actionOnce = Once<String?>()
    private var branchOnce = Once<BranchFact>()
    private var defaultBranchOnce = Once<String?>()
    private var titleOnce = Once<String?>()
    private var labelsOnce = Once<[String]?>()
    private var milestoneOnce = Once<MilestoneFact>()
    private var senderOnce = Once<NamedFact>()
    private var authorOnce = Once<NamedFact>()
    private var repositoryOnce = Once<NamedFact>()
    private var commandLinesOnce = Once<[String]?>()

    /// The facts of an event; nothing is decoded yet.
    package init(_ event: Event, receivedAt: Timestamp) {
        self.event = event
        self.receivedAt = receivedAt
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

    var repository: NamedFact {
        get throws(PayloadError) {
            try repositoryOnce.value { () throws(PayloadError) in
                NamedFact(id: try event.repository.id, name: try event.repository.fullName)
            }
        }
    }

    /// The lines of the comment that may be commands; nil when there is no comment.
    var commandLines: [String]? {
        get throws(PayloadError) {
            try commandLinesOnce.value { () throws(PayloadError) in
                try event.comment?.body.map(CommentLines.spoken)
            }
        }
    }

    /// The moment of `receivedAt`.
    var moment: Date {
        Date(timeIntervalSince1970: Double(receivedAt.rawValue) / 1_000_000)
    }

    private static func user(_ user: Event.User) throws(PayloadError) -> NamedFact {
        NamedFact(id: try user.id, name: try user.login)
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

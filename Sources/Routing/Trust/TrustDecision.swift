package import Gitea
package import Settings

/// What the configuration says about the sender of an event, before anybody is asked.
///
/// Pure. Nothing that a payload says of rights is looked at: `permissions` and `is_admin` are the
/// same for everybody.
package enum TrustDecision: Equatable, Sendable {
    /// The level is certain, for this reason.
    case decided(TrustLevel, because: String)

    /// Gitea has to be asked: it is `contributor`, `reader` or `readonly`, never `owner`.
    case ask(TrustQuestion)
}

/// What Gitea is asked about a sender.
package struct TrustQuestion: Equatable, Sendable {
    /// The sender's id, which stays.
    package var user: Int64
    /// The sender's name at the time of the event; nil when the payload has none.
    package var login: String?
    /// The repository's id, which stays.
    package var repository: Int64

    /// A question.
    package init(user: Int64, login: String?, repository: Int64) {
        self.user = user
        self.login = login
        self.repository = repository
    }
}

extension TrustDecision {
    /// Decides as far as that is possible.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - isVerified: whether the delivery carried a right signature.
    ///   - settings: who is an owner.
    /// - Throws: when an id in the payload is no number.
    package init(
        of event: Event,
        isVerified: Bool,
        settings: TrustSettings
    ) throws(PayloadError) {
        guard isVerified else {
            self = .decided(.readonly, because: "the delivery is not verified")
            return
        }
        try self.init(of: event.sender, called: "sender", in: event, settings: settings)
    }

    /// Decides about one of those whom an event is from, as far as that is possible.
    init(
        of user: Event.User,
        called role: String,
        in event: Event,
        settings: TrustSettings
    ) throws(PayloadError) {
        guard let id = try user.id else {
            self = .decided(.readonly, because: "the event has no \(role)")
            return
        }
        if settings.owners.contains(id), !settings.bots.contains(id) {
            self = .decided(.owner, because: "user \(id) is in trust.owners")
            return
        }
        // Gitea's own: -1 for deleted accounts, -2 for its actions.
        guard id > 0 else {
            self = .decided(.readonly, because: "the \(role) (\(id)) is nobody's account")
            return
        }
        // A fork belongs to whoever forked: what counts is the repository that was forked.
        let isFork = event.known == .fork
        let repository = try isFork ? event.forkedFrom?.id : event.repository.id
        guard let repository else {
            let which = isFork ? "repository that was forked" : "repository"
            self = .decided(.readonly, because: "the event names no \(which)")
            return
        }
        // One of the wrong type names nobody.
        let login = try? user.login
        self = .ask(TrustQuestion(user: id, login: login, repository: repository))
    }
}

/// Whether a sender's trust lets a route's job be made.
package enum TrustVerdict: Equatable, Sendable {
    /// It is enough by what the configuration says, or nothing is asked for.
    case admitted
    /// Gitea is asked right before the job starts.
    case asked
    /// It is not one of the levels that the route takes.
    case refused(because: String)
}

extension TrustVerdict {
    /// What a route without `trust` says: every verified delivery is good enough.
    package init(isVerified: Bool) {
        self =
            isVerified
            ? .admitted
            : .refused(
                because: "the delivery is not verified, which only trust: [readonly] takes"
            )
    }

    /// Compares the levels that a route takes with what is known.
    package init(_ levels: [TrustLevel], _ decision: TrustDecision) {
        switch decision {
        case .decided(let level, let reason):
            self =
                levels.contains(level)
                ? .admitted
                : .refused(because: "trust is \(level.rawValue) (\(reason)), not \(levels.words)")
        case .ask(let question):
            self =
                levels.needsGitea
                ? .asked : .refused(because: "trust is not owner: \(question.isNoOwner)")
        }
    }
}

extension TrustQuestion {
    /// Why nobody has to be asked where only owners may.
    package var isNoOwner: String { "user \(user) is not in trust.owners" }
}

extension [TrustLevel] {
    /// For people: `owner or contributor`.
    package var words: String { map(\.rawValue).joined(separator: " or ") }
}

/// What Gitea says of itself.
package struct GiteaVersion: Decodable, Equatable, Sendable {
    /// `1.26.3`; Forgejo has `11.0.1+gitea-1.22.0`.
    package var version: String
}

/// An account.
package struct GiteaUser: Decodable, Equatable, Sendable {
    /// Stays when the account is renamed; negative for Gitea's own.
    package var id: Int64
    /// The name at this moment.
    package var login: String
}

/// A repository.
package struct GiteaRepository: Decodable, Equatable, Sendable {
    /// Stays when the repository is renamed or transferred.
    package var id: Int64
    /// `owner/name` at this moment.
    package var fullName: String

    private enum CodingKeys: String, CodingKey {
        case id
        case fullName = "full_name"
    }
}

/// What an account may do with code, from less to more.
enum GiteaRight: String, CaseIterable, Comparable, Sendable {
    case nothing = "none"
    case read, write, admin, owner

    static func < (left: Self, right: Self) -> Bool {
        let order = Self.allCases
        return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}

/// What Gitea says of an account's permission in a repository: not all that teams lend.
struct GiteaPermission: Decodable, Equatable, Sendable {
    /// `none`, `read`, `write`, `admin` or `owner`; of a public repository everybody has `read`.
    var permission: String
    /// Whose permission it is.
    var user: GiteaUser
}

/// What an account may do in a repository, teams and ownership counted.
package struct GiteaAccess: Equatable, Sendable {
    /// How it is known.
    package enum Evidence: Equatable, Sendable {
        /// Gitea says so of the account's permission.
        case permission
        /// The repository as the account itself sees it.
        case asAccount
        /// It is in the team with this id.
        case team(Int64)
    }

    /// `none`, `read`, `write`, `admin` or `owner`, or a word of Gitea's that is not known.
    package var permission: String
    package var evidence: Evidence
    /// Why not all teams could be asked: the account may have more rights then.
    package var doubt: GiteaError?

    package init(permission: String, evidence: Evidence) {
        self.permission = permission
        self.evidence = evidence
    }

    var right: GiteaRight { GiteaRight(rawValue: permission) ?? .nothing }
}

/// A team of an organization.
struct GiteaTeam: Decodable, Sendable {
    var id: Int64
    /// Of the team as a whole; `none` since Gitea 1.24, unless it administers.
    var permission: String?
    /// By unit, since Gitea 1.15.
    var rights: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id, permission
        case rights = "units_map"
    }

    /// What its members may do with code.
    var right: GiteaRight {
        let whole = permission.flatMap(GiteaRight.init(rawValue:)) ?? .nothing
        if whole >= .admin { return whole }
        guard let rights else { return whole }
        return rights["repo.code"].flatMap(GiteaRight.init(rawValue:)) ?? .nothing
    }
}

/// A comment on an issue or a pull request.
package struct GiteaComment: Decodable, Equatable, Sendable {
    /// Unique in the whole server.
    package var id: Int64
    /// Who wrote it; nil for one that a migration brought without an account.
    package var user: GiteaUser?
    /// Its text.
    package var body: String
    /// RFC 3339 with the server's offset, whole seconds.
    package var createdAt: String
    /// The same for its last change.
    package var updatedAt: String

    private enum CodingKeys: String, CodingKey {
        case id, user, body
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

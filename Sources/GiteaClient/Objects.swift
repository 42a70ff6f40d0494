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

/// What an account may do in a repository, teams and ownership counted.
package struct GiteaPermission: Decodable, Equatable, Sendable {
    /// `none`, `read`, `write`, `admin` or `owner`; of a public repository everybody has `read`.
    package var permission: String
    /// Whose permission it is.
    package var user: GiteaUser
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

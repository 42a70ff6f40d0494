import Synchronization

// MARK: - What an account may do

extension GiteaClient {
    /// What an account may do with a repository's code.
    ///
    /// Gitea's answer about permissions knows collaborators, owners and the levels of whole teams.
    /// Since 1.24 teams have rights of each unit instead, and before that they could have: of a
    /// member who may push it says `read` or `none`. So where it says less than `write`, the
    /// repository is looked at as that account, which the token of a site administrator may do;
    /// else the repository's teams and who is in them are asked for.
    ///
    /// Needs scope `read:repository`, and an account that administers the repository or the
    /// server; `read:user` for the look as somebody else, `read:organization` for teams.
    ///
    /// Gitea asks for names, which change hands: so what it answers counts only when it is about
    /// the very id.
    ///
    /// - Parameters:
    ///   - user: the account's id.
    ///   - login: what it was called last, if that is known.
    ///   - repository: the repository's id.
    /// - Returns: the permission, and how it is known.
    /// - Throws: `.notFound` when there is no such repository or account, or the token's account
    ///   may not see it.
    package func access(
        of user: Int64,
        called login: String?,
        in repository: Int64
    ) async throws(GiteaError) -> GiteaAccess {
        let name = try await self.repository(repository).fullName
        let said = try await permission(of: user, called: login, in: name)
        let known = GiteaAccess(permission: said.permission, evidence: .permission)
        if known.right >= .write { return known }
        if let right = try await right(asSeenBy: said.user, in: name) {
            guard right > known.right else { return known }
            return GiteaAccess(permission: right.rawValue, evidence: .asAccount)
        }
        return try await accessByTeams(of: said.user, in: name, known)
    }

    /// The permission of an account whose name may have changed.
    private func permission(
        of user: Int64,
        called login: String?,
        in repository: String
    ) async throws(GiteaError) -> GiteaPermission {
        if let login, let found = try await permission(of: user, named: login, in: repository) {
            return found
        }
        guard let now = try await self.user(user)?.login else {
            throw .notFound(message: "no account has the id \(user)")
        }
        if now != login, let found = try await permission(of: user, named: now, in: repository) {
            return found
        }
        throw .notFound(message: "the account with the id \(user) has just been renamed")
    }

    /// Nil when the name belongs to nobody, or to somebody else.
    private func permission(
        of user: Int64,
        named login: String,
        in repository: String
    ) async throws(GiteaError) -> GiteaPermission? {
        // It comes from a payload; nobody is called so, and it would lead elsewhere.
        guard !["", ".", ".."].contains(login), !login.contains("/") else { return nil }
        let call = GiteaCall.get("repos", repository, "collaborators", login, "permission")
        do throws(GiteaError) {
            let found = try decode(GiteaPermission.self, from: await ask(call))
            return found.user.id == user ? found : nil
        } catch .notFound {
            return nil
        }
    }
}

// MARK: - As that account

extension GiteaClient {
    /// What the token of a site administrator sees as somebody else.
    ///
    /// - Returns: nil when the token may not look so.
    /// - Source: go-gitea/gitea: routers/api/v1/api.go (sudo), services/convert/repository.go
    private func right(
        asSeenBy user: GiteaUser,
        in repository: String
    ) async throws(GiteaError) -> GiteaRight? {
        guard maySudo() else { return nil }
        do throws(GiteaError) {
            let call = GiteaCall.get("repos", repository, sudo: user.login)
            let seen = try decode(SeenRepository.self, from: await ask(call)).right
            // A proxy that drops the header would lend everybody the administrator's rights.
            if seen > .nothing, try await self.user(asSeenBy: user.login).id != user.id {
                throw .forbidden(message: "the header Sudo is not heeded")
            }
            return seen
        } catch .forbidden {
            learned.withLock { $0.sudoIsTriedFrom = ContinuousClock.now + Limits.sudoPause }
            return nil
        } catch .notFound {
            return .nothing
        }
    }

    /// Whether the token was not refused to look as somebody else lately.
    private func maySudo() -> Bool {
        learned.withLock { $0.sudoIsTriedFrom.map { $0 <= .now } ?? true }
    }

    /// Who one is as an account; needs a site administrator's token and scope `read:user`.
    func user(asSeenBy login: String) async throws(GiteaError) -> GiteaUser {
        try decode(GiteaUser.self, from: await ask(.get("user", sudo: login)))
    }

    private struct SeenRepository: Decodable, Sendable {
        struct Permissions: Decodable, Sendable {
            var admin: Bool?
            var push: Bool?
            var pull: Bool?
        }
        var permissions: Permissions?

        var right: GiteaRight {
            if permissions?.admin == true { return .admin }
            if permissions?.push == true { return .write }
            return permissions?.pull == true ? .read : .nothing
        }
    }
}

// MARK: - By teams

extension GiteaClient {
    /// What a team of the repository's organization lends an account that is in it.
    private func accessByTeams(
        of user: GiteaUser,
        in repository: String,
        _ known: GiteaAccess
    ) async throws(GiteaError) -> GiteaAccess {
        var access = known
        let teams: [GiteaTeam]
        do throws(GiteaError) {
            // Not in pages, whatever is asked for.
            let answer = try await ask(.get("repos", repository, "teams"))
            teams = try decode([GiteaTeam]?.self, from: answer) ?? []
        } catch .refused(status: 405, message: _) {
            // It belongs to an account, which has no teams.
            return access
        } catch .forbidden(let message) {
            access.doubt = .forbidden(message: message)
            return access
        }
        let better = teams.filter { $0.right > known.right }.sorted { $0.right > $1.right }
        for team in better {
            do throws(GiteaError) {
                guard try await isMember(user, of: team.id) else { continue }
                return GiteaAccess(permission: team.right.rawValue, evidence: .team(team.id))
            } catch .forbidden(let message) {
                access.doubt = .forbidden(message: message)
            }
        }
        return access
    }

    private func isMember(_ user: GiteaUser, of team: Int64) async throws(GiteaError) -> Bool {
        do throws(GiteaError) {
            let call = GiteaCall.get("teams", "\(team)", "members", user.login)
            return try decode(GiteaUser.self, from: await ask(call)).id == user.id
        } catch .notFound {
            try await look(at: team)
            return false
        }
    }

    /// Gitea calls everybody missing in a team that the token's account may not see.
    ///
    /// - Throws: `.forbidden` for such a team.
    private func look(at team: Int64) async throws(GiteaError) {
        if learned.withLock({ $0.visibleTeams.contains(team) }) { return }
        do throws(GiteaError) {
            _ = try await ask(.get("teams", "\(team)"))
        } catch .notFound {
            throw .forbidden(message: "team \(team) cannot be seen")
        }
        learned.withLock { learned in
            if learned.visibleTeams.count >= Limits.teamsRememberedMost {
                learned.visibleTeams.removeAll()
            }
            learned.visibleTeams.insert(team)
        }
    }
}

/// What a client has learned about its token.
struct LearnedRights: Sendable {
    /// Nil while it was never refused.
    var sudoIsTriedFrom: ContinuousClock.Instant?
    /// Teams whose members it may ask for.
    var visibleTeams: Set<Int64> = []
}

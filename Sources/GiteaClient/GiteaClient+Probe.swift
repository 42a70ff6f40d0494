/// What a token can be used for, found out by asking.
package struct GiteaProbe: Equatable, Sendable {
    /// How it can be asked what teams lend their members.
    package enum TeamsWay: String, Sendable {
        /// As the member, which the token of a site administrator may.
        case asMember = "as_member"
        /// By the teams that the token's account may see.
        case byTeams = "by_teams"
        case none
    }

    package static let userScope = "read:user"
    package static let repositoryScope = "read:repository"
    package static let organizationScope = "read:organization"

    /// Nil when it did not say so.
    package var version: String?
    /// Whose token it is; nil without scope `read:user`.
    package var user: GiteaUser?
    /// What Samovar asks for and the token may not, in the order it was tried.
    package var missingScopes: [String] = []
    package var maySudo = false
    /// What ended the probe before its end.
    package var trouble: GiteaError?

    package init() {}

    package var teamsWay: TeamsWay {
        if maySudo { return .asMember }
        return missingScopes.contains(Self.organizationScope) ? .none : .byTeams
    }
}

extension GiteaClient {
    /// Tries what the token is good for; changes nothing.
    ///
    /// Gitea tells nobody a token's scopes: each is tried with a question that needs it.
    package func probe() async -> GiteaProbe {
        var probe = GiteaProbe()
        do throws(GiteaError) {
            probe.version = try await version().version
            try await tryScopes(&probe)
            if let user = probe.user { probe.maySudo = try await isHeeded(sudo: user) }
        } catch {
            probe.trouble = error
        }
        return probe
    }

    private func tryScopes(_ probe: inout GiteaProbe) async throws(GiteaError) {
        let questions: [(scope: String, call: GiteaCall)] = [
            (GiteaProbe.userScope, .get("user")),
            (GiteaProbe.repositoryScope, .get("repos/search", query: [("limit", "1")])),
            (GiteaProbe.organizationScope, .get("orgs", query: [("limit", "1")])),
        ]
        for (scope, call) in questions {
            do throws(GiteaError) {
                let answer = try await ask(call)
                guard scope == GiteaProbe.userScope else { continue }
                probe.user = try decode(GiteaUser.self, from: answer)
            } catch .forbidden {
                probe.missingScopes.append(scope)
            }
        }
    }

    /// Whether the token may ask as somebody else, tried with its own account.
    private func isHeeded(sudo user: GiteaUser) async throws(GiteaError) -> Bool {
        do throws(GiteaError) {
            return try await self.user(asSeenBy: user.login) == user
        } catch .forbidden {
            return false
        }
    }
}

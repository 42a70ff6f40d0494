import TestSupport
import Testing

@testable import GiteaClient

/// What an account may do in a repository of an organization, on old servers and new ones.
@Suite
struct AccessTests {
    /// A server, and who may push there: 5 by team 3.
    private static func world(_ version: String, _ world: inout FakeGitea.World) {
        world.version = version
        world.teams = [
            2: FakeGitea.Team(members: [6], code: "read", issues: "write"),
            3: FakeGitea.Team(members: [5], code: "write", issues: "read"),
        ]
    }

    private static let versions = ["1.22.0", "1.24.0", "1.26.3", "11.0.1+gitea-1.22.0"]

    private func access(
        _ trial: Trial,
        of user: Int64,
        _ login: String
    ) async throws
        -> GiteaAccess
    {
        try await trial.client.access(of: user, called: login, in: 17)
    }

    @Test(arguments: versions)
    func `a member of a team that may push has write, asked as that account`(
        version: String
    ) async throws {
        try await Trial.with({
            Self.world(version, &$0)
            $0.isSiteAdministrator = true
        }) { trial async throws in
            #expect(
                try await access(trial, of: 5, "anna")
                    == GiteaAccess(permission: "write", evidence: .asAccount)
            )
            #expect(try await access(trial, of: 6, "ben").permission == "read")
            #expect(
                try await access(trial, of: 7, "carl")
                    == GiteaAccess(permission: "none", evidence: .permission)
            )
            #expect(!trial.gitea.calls.contains { $0.contains("teams") })
            #expect(trial.gitea.requests.contains { $0.headers["sudo"] == "anna" })
        }
    }

    @Test(arguments: versions)
    func `a member of a team that may push has write, asked by teams`(
        version: String
    ) async throws {
        try await Trial.with({ Self.world(version, &$0) }) { trial async throws in
            #expect(
                try await access(trial, of: 5, "anna")
                    == GiteaAccess(permission: "write", evidence: .team(3))
            )
            #expect(try await access(trial, of: 6, "ben").permission == "read")
            #expect(
                try await access(trial, of: 7, "carl")
                    == GiteaAccess(permission: "none", evidence: .permission)
            )
            // A token that is no administrator's is not tried as others again and again.
            #expect(trial.gitea.requests.count { $0.headers["sudo"] != nil } == 1)
        }
    }

    @Test
    func `an account's own repository has no teams`() async throws {
        try await Trial.with({ $0.permissions = [5: "read"] }) { trial async throws in
            #expect(
                try await access(trial, of: 5, "anna")
                    == GiteaAccess(permission: "read", evidence: .permission)
            )
            #expect(trial.gitea.calls.last == "GET /repos/tea/kettle-17/teams")
        }
    }

    @Test
    func `a name in a team that belongs to somebody else lends nothing`() async throws {
        try await Trial.with({ Self.world("1.26.3", &$0) }) { trial async throws in
            trial.gitea.change { $0.users = [1: "samovar", 5: "anne", 7: "anna"] }
            #expect(try await access(trial, of: 7, "anna").permission == "none")
            #expect(try await access(trial, of: 5, "anna").permission == "write")
        }
    }

    @Test
    func `a proxy that drops the header lends nobody the administrator's rights`() async throws {
        try await Trial.with({
            $0.permissions = [5: "read"]
            $0.isSiteAdministrator = true
            $0.dropsSudo = true
        }) { trial async throws in
            #expect(
                try await access(trial, of: 5, "anna")
                    == GiteaAccess(permission: "read", evidence: .permission)
            )
        }
    }

    @Test(arguments: [true, false])
    func `teams that the token may not ask for are a doubt, not an answer`(
        isScope: Bool
    ) async throws {
        try await Trial.with({
            Self.world("1.26.3", &$0)
            if isScope {
                $0.scopes.remove("read:organization")
            } else {
                $0.teams[3]?.isVisible = false
            }
        }) { trial async throws in
            let access = try await access(trial, of: 5, "anna")
            #expect(access.permission == "none")
            guard case .forbidden = access.doubt else {
                Issue.record("\(access)")
                return
            }
        }
    }

    @Test
    func `trouble while teams are asked for is no answer`() async throws {
        try await Trial.with({ Self.world("1.26.3", &$0) }) { trial async throws in
            _ = try await access(trial, of: 5, "anna")
            let failure = await trial.failure { client throws(GiteaError) in
                trial.gitea.change { world in
                    world.troubles = [
                        .status(200, body: #"{"id":17,"full_name":"tea/kettle-17"}"#),
                        .status(
                            200,
                            body: #"{"permission":"read","user":{"id":5,"login":"anna"}}"#
                        ),
                    ]
                    world.lastingTrouble = .status(503)
                }
                return try await client.access(of: 5, called: "anna", in: 17)
            }
            #expect(failure == .server(status: 503, message: ""))
        }
    }
}

import TestSupport
import Testing

@testable import GiteaClient

@Suite
struct CallTests {
    @Test
    func `the server's version is told`() async throws {
        try await Trial.with { trial async throws in
            #expect(try await trial.client.version() == GiteaVersion(version: "1.26.3"))
        }
    }

    @Test
    func `a token belongs to an account`() async throws {
        try await Trial.with { trial async throws in
            #expect(try await trial.client.tokenUser() == GiteaUser(id: 1, login: "samovar"))
            let headers = try #require(trial.gitea.requests.first).headers
            #expect(headers["authorization"] == "token t0ken-of-samovar")
            #expect(headers["user-agent"] == "samovar/test")
            #expect(headers["accept"] == "application/json")
        }
    }

    @Test
    func `a repository is known by its id, whatever it is called`() async throws {
        try await Trial.with { trial async throws in
            let before = try await trial.client.repository(17)
            #expect(before == GiteaRepository(id: 17, fullName: "tea/kettle-17"))
            trial.gitea.change { $0.repositories[17] = "coffee/pot" }
            #expect(try await trial.client.repository(17).fullName == "coffee/pot")
        }
    }

    @Test
    func `what may not be seen does not exist`() async throws {
        try await Trial.with({ $0.hidden = [17] }) { trial async throws in
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.repository(17)
            }
            #expect(failure == .notFound(message: "The target couldn't be found."))
            #expect(trial.gitea.calls.count == 1)
        }
    }

    @Test
    func `an account is found by its id`() async throws {
        try await Trial.with { trial async throws in
            #expect(try await trial.client.user(6) == GiteaUser(id: 6, login: "ben"))
            #expect(try await trial.client.user(99) == nil)
        }
    }

    // MARK: Permissions

    private func permission(_ trial: Trial, called login: String?) async throws -> String {
        try await trial.client.access(of: 5, called: login, in: 17).permission
    }

    @Test
    func `a permission is asked with the names of this moment`() async throws {
        try await Trial.with({ $0.permissions = [5: "write"] }) { trial async throws in
            #expect(try await permission(trial, called: "anna") == "write")
            #expect(
                trial.gitea.calls == [
                    "GET /repositories/17",
                    "GET /repos/tea/kettle-17/collaborators/anna/permission",
                ]
            )
        }
    }

    @Test
    func `who was renamed is found by id`() async throws {
        try await Trial.with({ $0.permissions = [5: "read"] }) { trial async throws in
            trial.gitea.change { $0.users[5] = "anne" }
            #expect(try await permission(trial, called: "anna") == "read")
            #expect(try await permission(trial, called: nil) == "read")
        }
    }

    @Test
    func `a name that somebody else took over gives them nothing, and takes nothing`()
        async throws
    {
        try await Trial.with { trial async throws in
            trial.gitea.change { world in
                world.users = [5: "anne", 6: "anna"]
                world.permissions = [5: "none", 6: "owner"]
            }
            #expect(try await permission(trial, called: "anna") == "none")
        }
    }

    @Test
    func `an account that is gone has no permission`() async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { $0.users[5] = nil }
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.access(of: 5, called: "anna", in: 17)
            }
            #expect(failure == .notFound(message: "no account has the id 5"))
        }
    }

    @Test
    func `a token that may not look at permissions is told so`() async throws {
        try await Trial.with({ $0.mayLookAtPermissions = false }) { trial async throws in
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.access(of: 5, called: "anna", in: 17)
            }
            guard case .forbidden(let message) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(message.hasPrefix("Only admins"))
        }
    }

    @Test(arguments: ["../../admin", "a/b", "..", "", "a?b", "a#b", "ü %2e"])
    func `a login from a payload stays one segment of the path`(login: String) async throws {
        try await Trial.with({ $0.permissions = [5: "write"] }) { trial async throws in
            #expect(try await permission(trial, called: login) == "write")
            for call in trial.gitea.calls where call.contains("collaborators") {
                #expect(call.hasPrefix("GET /repos/tea/kettle-17/collaborators/"))
                #expect(call.hasSuffix("/permission"))
                #expect(call.split(separator: "/").count == 7)
            }
        }
    }

    // MARK: Comments

    @Test
    func `a comment is written`() async throws {
        try await Trial.with { trial async throws in
            let comment = try await trial.client.createComment(
                "Hi \"all\" 🫖",
                repository: 17,
                issue: 1
            )
            #expect(comment.body == "Hi \"all\" 🫖")
            #expect(trial.gitea.world.comments[1] == ["Hi \"all\" 🫖"])
            let read = try await trial.client.comments(repository: 17, issue: 1)
            #expect(read == [comment])
        }
    }

    @Test
    func `a comment on an issue that is missing is not found, though Gitea says 500`()
        async throws
    {
        try await Trial.with { trial async throws in
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.createComment("Hi", repository: 17, issue: 99)
            }
            #expect(failure == .notFound(message: "The target couldn't be found."))
            #expect(trial.gitea.calls.count { $0.hasPrefix("POST") } == 1)
        }
    }

    @Test
    func `a 500 for an issue that is there is trouble`() async throws {
        try await Trial.with { trial async throws in
            _ = try await trial.client.repository(17)
            let failure = await trial.failure { client throws(GiteaError) in
                trial.gitea.change { world in
                    world.troubles = [
                        .status(
                            200,
                            body: #"{"id":17,"full_name":"tea/kettle-17"}"#
                        ),
                        .status(500, body: #"{"message":"","url":""}"#),
                    ]
                }
                return try await client.createComment("Hi", repository: 17, issue: 1)
            }
            #expect(failure == .server(status: 500, message: ""))
            #expect(trial.gitea.calls.count { $0.hasPrefix("POST") } == 1)
        }
    }
}

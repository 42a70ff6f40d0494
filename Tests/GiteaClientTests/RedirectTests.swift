import GiteaClient
import TestSupport
import Testing

@Suite
struct RedirectTests {
    /// A repository that is renamed after its name was asked for.
    private func trial<Value>(_ body: (Trial) async throws -> Value) async throws -> Value {
        try await Trial.with(
            { world in
                world.repositories = [17: "coffee/pot"]
                world.formerNames = ["tea/kettle-17": 17]
                world.comments = [1: ["one"]]
                world.troubles = [.status(200, body: #"{"id":17,"full_name":"tea/kettle-17"}"#)]
            },
            body
        )
    }

    @Test
    func `a read follows a repository that was renamed`() async throws {
        try await trial { trial async throws in
            let found = try await trial.client.comments(repository: 17, issue: 1)
            #expect(found.map(\.body) == ["one"])
            #expect(trial.gitea.calls.last == "GET /repos/coffee/pot/issues/1/comments")
        }
    }

    @Test
    func `a write does not, and says so`() async throws {
        try await trial { trial async throws in
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.createComment("two", repository: 17, issue: 1)
            }
            guard case .redirected(301, let place)? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(trial.gitea.url == place)
            #expect(failure?.description.contains("found by its id") == true)
            #expect(trial.gitea.world.comments[1] == ["one"])
            #expect(trial.gitea.calls.count { $0.hasPrefix("POST") } == 1)
            #expect(trial.gitea.calls.count == 2)
        }
    }

    @Test
    func `the token goes to no other server`() async throws {
        try await FakeGitea.with { other in
            try await Trial.with { trial async throws in
                for place in [
                    "\(other.url)/api/v1/version", "//\(other.url.dropFirst(7))/x",
                    "https://127.0.0.1/x", "file:///etc/passwd", "", "http://[", "/\u{7F}",
                ] {
                    trial.gitea.change { world in
                        world.troubles = [.status(302, headers: ["Location": place])]
                    }
                    let failure = await trial.failure { client throws(GiteaError) in
                        try await client.version()
                    }
                    guard case .redirected(302, _)? = failure else {
                        // An empty place, or one that is none, is the same place again.
                        #expect(failure == nil, "\(place)")
                        continue
                    }
                }
                #expect(other.requests.isEmpty)
            }
        }
    }

    @Test
    func `a circle is left`() async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { world in
                world.lastingTrouble = .status(301, headers: ["Location": "/api/v1/version"])
            }
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.version()
            }
            guard case .redirected? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(trial.gitea.calls.count == 4)
        }
    }
}

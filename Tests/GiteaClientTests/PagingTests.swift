import GiteaClient
import TestSupport
import Testing

@Suite
struct PagingTests {
    /// Asks for all comments of a repository that has so many.
    private func bodies(
        of count: Int,
        dropped: Set<Int> = [],
        saysTotal: Bool = true
    ) async throws -> (bodies: [String], pages: Int) {
        let comments = (0..<count).map { "\($0)" }
        return try await Trial.with({ world in
            world.comments = [1: comments]
            world.droppedComments = dropped
            world.saysTotal = saysTotal
        }) { trial async throws in
            let found = try await trial.client.comments(repository: 17).map(\.body)
            return (found, trial.gitea.calls.count { $0.contains("/comments?") })
        }
    }

    @Test(arguments: [(0, 1), (1, 1), (49, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
    func `all pages are read, and none beyond the total`(count: Int, pages: Int) async throws {
        let found = try await bodies(of: count)
        #expect(found.bodies == (0..<count).map { "\($0)" })
        #expect(found.pages == pages)
    }

    @Test(arguments: [(0, 1), (1, 2), (50, 2), (120, 4)])
    func `without a total an empty page is the end`(count: Int, pages: Int) async throws {
        let found = try await bodies(of: count, saysTotal: false)
        #expect(found.bodies.count == count)
        #expect(found.pages == pages)
    }

    @Test
    func `a short page is not the last one`() async throws {
        let found = try await bodies(of: 120, dropped: Set(10..<45))
        #expect(found.bodies.count == 85)
        #expect(found.bodies.last == "119")
        #expect(found.pages == 4)
    }

    @Test
    func `a server without an end is left`() async throws {
        let page = #"[{"id":1,"body":"x","created_at":"","updated_at":""}]"#
        try await Trial.with { trial async throws in
            _ = try await trial.client.version()
            let failure = await trial.failure { client throws(GiteaError) in
                trial.gitea.change { world in
                    world.troubles = [.status(200, body: #"{"id":17,"full_name":"a/b"}"#)]
                    world.lastingTrouble = .status(200, body: page)
                }
                return try await client.comments(repository: 17)
            }
            #expect(failure == .tooLarge(limit: "200 pages"))
        }
    }

    @Test
    func `a list may be null`() async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { world in
                world.troubles = [
                    .status(200, body: #"{"id":17,"full_name":"a/b"}"#),
                    .status(200, body: "null"),
                ]
            }
            #expect(try await trial.client.comments(repository: 17) == [])
        }
    }
}

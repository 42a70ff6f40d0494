import Foundation
import GiteaClient
import TestSupport
import Testing

@Suite
struct TokenTests {
    private static let token = FakeGitea.World().token

    private func user(_ trial: Trial) async -> GiteaError? {
        await trial.failure { client throws(GiteaError) in try await client.tokenUser() }
    }

    @Test
    func `a token that was replaced in its file is taken over`() async throws {
        try await Trial.with { trial async throws in
            _ = try await trial.client.tokenUser()
            trial.gitea.change { $0.token = "another" }
            try Trial.write("another\n", to: trial.tokenFile)
            #expect(try await trial.client.tokenUser().id == 1)
            #expect(trial.gitea.calls.count == 3)
        }
    }

    @Test
    func `a token that Gitea does not know is asked with once`() async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { $0.token = "another" }
            #expect(await user(trial) == .unauthorized)
            #expect(trial.gitea.calls.count == 1)
        }
    }

    @Test(arguments: ["", "\n", "two words", "two\nlines", "tökén"])
    func `a file without a token says which one it is`(text: String) async throws {
        try await Trial.with { trial async throws in
            try Trial.write(text, to: trial.tokenFile)
            guard case .noToken(let reason)? = await user(trial) else {
                Issue.record("no mistake")
                return
            }
            #expect(reason.hasPrefix(trial.tokenFile))
            #expect(trial.gitea.calls.isEmpty)
        }
    }

    @Test
    func `a file that is gone says so`() async throws {
        try await Trial.with { trial async throws in
            try FileManager.default.removeItem(atPath: trial.tokenFile)
            #expect(await user(trial) == .noToken(reason: "\(trial.tokenFile) does not exist"))
        }
    }

    @Test
    func `nobody ever sees the token`() async throws {
        let echo = #"{"message":"bad token t0ken-of-samovar, and t0ken-of-samovar","url":""}"#
        try await Trial.with { trial async throws in
            var shown = ["\(trial.client)", String(reflecting: trial.client)]
            var dumped = ""
            dump(trial.client, to: &dumped)
            shown.append(dumped)
            for status in [400, 401, 403, 404, 422, 429, 500] {
                trial.gitea.change { $0.lastingTrouble = .status(status, body: echo) }
                let error = await user(trial)
                shown += ["\(String(describing: error))", String(reflecting: error)]
            }
            trial.gitea.change { $0.lastingTrouble = .silence }
            shown += trial.log.lines
            for text in shown { #expect(!text.contains(Self.token), "\(text)") }
            #expect(shown.contains { $0.contains("bad token [token], and [token]") })
        }
    }
}

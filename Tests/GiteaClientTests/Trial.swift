import Foundation
import GiteaClient
import Settings
import TestSupport

/// A client and the server that it asks.
struct Trial: Sendable {
    let gitea: FakeGitea
    let client: GiteaClient
    let log: LogLines
    let tokenFile: String

    /// Gives a test a client, which is closed afterwards; delays are too short to notice.
    static func with<Value>(
        timeout: Duration = patience,
        concurrency: Int = 4,
        delayLongest: Duration = .milliseconds(5),
        isListening: Bool = true,
        path: String = "",
        _ change: @Sendable (inout FakeGitea.World) -> Void = { _ in },
        _ body: (Trial) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let gitea = FakeGitea()
            gitea.change(change)
            if isListening { gitea.listen() }
            defer { gitea.stop() }
            let file = folder + "/gitea.token"
            try write(gitea.world.token + "\n", to: file)
            var patience = GiteaClient.Patience()
            patience.delay = .milliseconds(1)
            patience.delayLongest = delayLongest
            let log = LogLines()
            let client = GiteaClient(
                GiteaSettings(
                    url: gitea.url + path,
                    token: TokenFile(file: file),
                    timeout: timeout,
                    concurrency: concurrency
                ),
                userAgent: "samovar/test",
                patience: patience,
                logger: log.logger
            )
            let trial = Trial(gitea: gitea, client: client, log: log, tokenFile: file)
            do {
                let value = try await body(trial)
                await client.close()
                return value
            } catch {
                await client.close()
                throw error
            }
        }
    }

    /// Replaces a token's file.
    static func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    /// What a question fails with; nil when it does not.
    func failure(
        of question: (GiteaClient) async throws(GiteaError) -> some Sendable
    ) async -> GiteaError? {
        do throws(GiteaError) {
            _ = try await question(client)
            return nil
        } catch {
            return error
        }
    }
}

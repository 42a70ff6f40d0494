import Foundation
import Program
import QueueCore
import Settings
import Testing

@testable import Operator

@Suite
struct StarterFolderTests {
    private static let names = [
        "queue.db", "queue.db.turn", "samovar.yaml", "show", "webhook.secret",
    ]

    @Test
    func `a fresh folder has all files, readable by their owner alone`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: "\(folder.path)/deep/site")
            #expect(try await site.create() == StarterFile.allCases)
            let made = TemporaryFolder(path: site.path)
            #expect(try folder.mode("deep/site") == 0o700)
            #expect(try made.names() == Self.names)
            #expect(try made.mode("samovar.yaml") == 0o600)
            #expect(try made.mode("webhook.secret") == 0o600)
            #expect(try made.mode("show") == 0o700)
        }
    }

    @Test
    func `the secret is 32 random bytes as hex, without a line break`() async throws {
        try await TemporaryFolder.with { folder async throws in
            var secrets: Set<String> = []
            for name in ["a", "b"] {
                _ = try await StarterFolder(path: "\(folder.path)/\(name)").create()
                let secret = String(
                    decoding: try folder.bytes("\(name)/webhook.secret"),
                    as: UTF8.self
                )
                #expect(try #/[0-9a-f]{64}/#.wholeMatch(in: secret) != nil)
                secrets.insert(secret)
            }
            #expect(secrets.count == 2)
        }
    }

    @Test
    func `the loader takes the configuration without a warning`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: folder.path)
            _ = try await site.create()
            let configuration = try Configuration.load(
                file: site.file(.configuration),
                secrets: .read,
                environment: [:]
            )
            #expect(configuration.warnings.isEmpty)
            #expect(configuration.store == "\(folder.path)/queue.db")
            let ingress = configuration.ingress
            #expect(ingress.url(of: ingress.firstSource) == "http://127.0.0.1:8480/hooks/gitea")
            #expect(configuration.ingress.readyURL == "http://127.0.0.1:8481/readyz")
            #expect(configuration.ingress.secrets.map(\.key.count) == [64])
            #expect(configuration.handlers.map(\.exec?.command) == [["\(folder.path)/show"]])
            #expect(configuration.routes.map(\.name) == ["everything", "test-delivery"])
            let summary = ConfigurationSummary(configuration, hasStore: true)
            let rows = summary.text(on: .none).split(separator: "\n")
            let everything = try #require(rows.first { $0.hasPrefix("everything ") })
            let words = everything.split(separator: " ")
            #expect(words.first == "everything" && words.contains("show"))
            #expect(rows.contains { $0.hasPrefix("test-delivery ") })
        }
    }

    @Test
    func `a second time nothing is written and the message says what is there`() async throws {
        try await TemporaryFolder.with { folder async throws in
            try folder.write("webhook.secret", "mine")
            let site = StarterFolder(path: folder.path)
            let failure = await #expect(throws: Failure.self) { try await site.create() }
            #expect(failure?.status == .findings)
            #expect(failure?.message.contains("has webhook.secret already") == true)
            #expect(failure?.hint?.contains("--unless-present") == true)
            #expect(try folder.names() == ["webhook.secret"])
            #expect(try folder.bytes("webhook.secret") == Data("mine".utf8))
        }
    }

    @Test
    func `with unless-present all is kept byte for byte`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: folder.path)
            _ = try await site.create()
            let before = try Self.names.map(folder.bytes)
            #expect(try await site.complete().isEmpty)
            #expect(try folder.names() == Self.names)
            #expect(try Self.names.map(folder.bytes) == before)
        }
    }

    @Test
    func `with unless-present missing pieces are added`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: folder.path)
            _ = try await site.create()
            let configuration = try folder.bytes("samovar.yaml")
            try FileManager.default.removeItem(atPath: site.file(.secret))
            try FileManager.default.removeItem(atPath: site.file(.handler))
            #expect(try await site.complete() == [.secret, .handler])
            #expect(try folder.mode("webhook.secret") == 0o600)
            #expect(try folder.bytes("samovar.yaml") == configuration)
        }
    }

    @Test
    func `with unless-present an own configuration gets only what it refers to`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let yaml = """
                store: queue.db
                ingress: { secrets: [{ id: a, file: other.secret }] }

                """
            try folder.write("samovar.yaml", yaml)
            #expect(try await StarterFolder(path: folder.path).complete() == [.store])
            #expect(try folder.names() == ["queue.db", "queue.db.turn", "samovar.yaml"])
            #expect(try folder.bytes("samovar.yaml") == Data(yaml.utf8))
        }
    }

    @Test
    func `with unless-present a broken configuration is reported, not replaced`() async throws {
        try await TemporaryFolder.with { folder async throws in
            try folder.write("samovar.yaml", "no: such key")
            let site = StarterFolder(path: folder.path)
            await #expect(throws: ConfigurationError.self) { try await site.complete() }
            #expect(try folder.names() == ["samovar.yaml"])
        }
    }

    @Test
    func `a file that appears meanwhile is not replaced`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let path = try folder.write("webhook.secret", "quicker")
            #expect(throws: Failure.self) { try NewFile(path, mode: 0o600).write("slower") }
            #expect(try folder.names() == ["webhook.secret"])
            #expect(try folder.bytes("webhook.secret") == Data("quicker".utf8))
        }
    }

    @Test
    func `the handler reads its input to the end and prints one line`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: folder.path)
            _ = try await site.create()
            let process = Process()
            let (input, output) = (Pipe(), Pipe())
            process.executableURL = URL(filePath: site.file(.handler))
            process.environment = [
                "SAMOVAR_EVENT": "issues", "SAMOVAR_ACTION": "opened", "SAMOVAR_DELIVERY": "d-1",
                "SAMOVAR_JOB": "5", "SAMOVAR_ATTEMPT": "1", "SAMOVAR_TOKEN": "5.1",
            ]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            // More than a pipe holds: a handler that does not read would leave this hanging.
            try input.fileHandleForWriting.write(contentsOf: Data(count: 200_000))
            try input.fileHandleForWriting.close()
            let printed = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(
                String(decoding: printed, as: UTF8.self)
                    == "issues opened: delivery d-1, job 5, attempt 1\n"
            )
        }
    }

    @Test
    func `what was made is listed, with the command that starts it`() async throws {
        try await TemporaryFolder.with { folder async throws in
            let site = StarterFolder(path: folder.path)
            _ = try await site.create()
            let command = try InitCommand.command(for: site)
            #expect(command.hasSuffix(" --config \(site.file(.configuration))"))
            let text = InitCommand.summary(of: [.handler], in: site, command: command)
            #expect(text.hasPrefix("created\n  \(folder.path)/show  a first handler: "))
            #expect(text.hasSuffix("\nstart it: \(command) up\n"))
        }
    }
}

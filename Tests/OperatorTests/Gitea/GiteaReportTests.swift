import Foundation
import GiteaClient
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Operator

/// What `check --online` and `doctor` find out from Gitea.
@Suite
struct GiteaReportTests {
    private func report(
        owners: Set<Int64> = [5],
        bots: Set<Int64> = [6],
        token: String? = nil,
        _ change: @Sendable (inout FakeGitea.World) -> Void = { _ in }
    ) async throws -> GiteaReport {
        try await withTemporaryFolder { folder in
            try await FakeGitea.with(change) { gitea in
                let file = folder + "/token"
                try Data((token ?? gitea.world.token).utf8).write(to: URL(filePath: file))
                let configuration = Configuration(
                    file: "/samovar.yaml",
                    store: "/queue.db",
                    ingress: IngressSettings(secrets: []),
                    gitea: GiteaSettings(url: gitea.url, token: TokenFile(file: file)),
                    trust: TrustSettings(owners: owners, bots: bots)
                )
                return try #require(await GiteaReport(asking: configuration))
            }
        }
    }

    private func server(_ report: GiteaReport) throws -> Diagnosis {
        try #require(report.diagnoses.first { $0.check == "gitea_server" })
    }

    @Test
    func `a server, whose token it is and how teams are asked are told`() async throws {
        let report = try await report()
        let server = try server(report)
        #expect(server.level == .ok)
        #expect(server.text.contains("version 1.26.3, the token is that of samovar (id 1)"))
        #expect(server.text.hasSuffix("asked of the teams that this account may see"))
        #expect(!report.hasFindings)
        let administrator = try await self.report { $0.isSiteAdministrator = true }
        #expect(try self.server(administrator).text.contains("asked as the sender"))
    }

    @Test
    func `owners and bots have their logins, and an id of nobody is a finding`() async throws {
        let known = try await self.report()
        #expect(known.diagnoses.last?.text == "owner 5 is anna, bot 6 is ben")
        #expect(known.text(on: .none).contains("owner 5"))
        let report = try await self.report(owners: [5, 99])
        #expect(report.hasFindings)
        #expect(report.diagnoses.last?.text == "owner 99: no account has this id")
        let json = report.json.compact
        #expect(json.contains(#"{"role":"owner","id":5,"login":"anna","error":null}"#))
        #expect(json.contains(#""id":99,"login":null,"error":"no account has this id""#))
    }

    @Test(arguments: [
        ("read:user", Diagnosis.Level.warning), ("read:repository", .warning),
        ("read:organization", .note),
    ])
    func `a scope that is missing is named`(scope: String, level: Diagnosis.Level) async throws {
        let report = try await report { $0.scopes.remove(scope) }
        #expect(report.probe.missingScopes == [scope])
        #expect(try server(report).level == level)
        #expect(report.hasFindings == (level == .warning))
    }

    @Test
    func `a token that Gitea does not know is a finding`() async throws {
        let report = try await report(token: "another")
        #expect(try server(report).level == .warning)
        #expect(try server(report).text.contains("does not know the token"))
        #expect(report.accounts.isEmpty)
    }

    @Test
    func `a Gitea that is out of reach is a finding`() async throws {
        let report = try await report { $0.lastingTrouble = .status(503) }
        #expect(try server(report).text.contains("Gitea is in trouble (503)"))
        #expect(report.hasFindings)
    }
}

import Foundation
import GiteaClient
import QueueCore
import Settings
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Worker

/// How questions to Gitea are counted and told.
@Suite
struct GiteaAnswerTests {
    static let answers: [(GiteaError, GiteaAnswer?)] = [
        (.unreachable(reason: "refused"), .unreachable),
        (.interrupted(reason: "reset"), .unreachable),
        (.timeout(after: .seconds(10)), .unreachable),
        (.cancelled, nil),
        (.noToken(reason: "no file"), .unauthorized),
        (.unauthorized, .unauthorized),
        (.forbidden(message: "scope"), .forbidden),
        (.notFound(message: "user"), .notFound),
        (.refused(status: 422, message: "no"), .unfit),
        (.rateLimited(retryAfter: nil), .rateLimited),
        (.server(status: 503, message: "down"), .server),
        (.malformed(reason: "no JSON"), .unfit),
        (.redirected(status: 302, to: "/"), .unfit),
        (.tooLarge(limit: "1 MiB"), .unfit),
    ]

    @Test(arguments: answers.indices)
    func `each error has its label, and a question that was called off none`(place: Int) {
        let (error, answer) = Self.answers[place]
        #expect(GiteaAnswer(error) == answer)
    }

    @Test
    func `questions are counted, and a token that may not ask is told as such`() async throws {
        try await withTemporaryFolder { folder in
            try await FakeGitea.with({ $0.mayLookAtPermissions = false }) { gitea in
                let token = folder + "/token"
                try Data(gitea.world.token.utf8).write(to: URL(filePath: token))
                let configuration = Configuration(
                    file: "/samovar.yaml",
                    store: "/queue.db",
                    ingress: IngressSettings(secrets: []),
                    gitea: GiteaSettings(url: gitea.url, token: TokenFile(file: token))
                )
                let metrics = WorkerMetrics(handlers: [], slots: 1)
                let incidents = Incidents()
                let log = LogLines()
                let reports = GiteaReports(questions: metrics.giteaQuestions) { incident in
                    incidents.kept.withLock { $0.append(incident) }
                }
                let inquiry = TrustInquiry(configuration, reports: reports, logger: log.logger)
                var job = try await ClaimedJob.sample()
                job.delivery.body = Data(
                    """
                    {"ref":"refs/heads/main","repository":{"id":17,"full_name":"tea/kettle-17"},
                    "sender":{"id":5,"login":"anna"}}
                    """.utf8
                )
                _ = await inquiry.finding(for: job, [.contributor])
                gitea.change { world in
                    world.mayLookAtPermissions = true
                    world.permissions = [5: "write"]
                }
                _ = await inquiry.finding(for: job, [.contributor])
                _ = await inquiry.finding(for: job, [.contributor])
                await inquiry.close()

                let kept = incidents.kept.withLock(\.self)
                #expect(kept.map(\.kind) == [.giteaForbidden])
                #expect(kept.first?.subject == "repository 17")
                #expect(kept.first?.detail.contains("403") == true, "\(kept)")
                let warning = log.lines.first { $0.hasPrefix("warning ") }
                #expect(warning?.contains("repository.id=17") == true, "\(log.lines)")
                let shown = try ParsedExposition(Exposition([metrics.giteaQuestions]).text)
                let name = "samovar_gitea_questions_total"
                #expect(shown.value(name, ["result": "forbidden"]) == 1)
                #expect(shown.value(name, ["result": "answered"]) == 1, "the other is remembered")
                #expect(shown.value(name, ["result": "unreachable"]) == 0)
            }
        }
    }

    private final class Incidents: Sendable {
        let kept = Mutex<[Incident]>([])
    }
}

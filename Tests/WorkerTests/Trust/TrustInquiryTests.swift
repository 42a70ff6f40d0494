import Foundation
import Logging
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Worker

/// What is asked for a job, and what is remembered.
@Suite
struct TrustInquiryTests {
    private static let levels: [TrustLevel] = [.owner, .contributor]

    private static func configuration(
        _ gitea: FakeGitea,
        token: String,
        owners: Set<Int64> = [29],
        cache: Duration = .seconds(300)
    ) -> Configuration {
        Configuration(
            file: "/samovar.yaml",
            store: "/queue.db",
            ingress: IngressSettings(secrets: []),
            gitea: GiteaSettings(url: gitea.url, token: TokenFile(file: token)),
            trust: TrustSettings(owners: owners, bots: [41], cache: cache)
        )
    }

    private func withInquiry(
        owners: Set<Int64> = [29],
        cache: Duration = .seconds(300),
        _ change: @Sendable (inout FakeGitea.World) -> Void = { _ in },
        _ body: (TrustInquiry, FakeGitea, Configuration) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await FakeGitea.with(change) { gitea in
                let token = folder + "/token"
                try Data(gitea.world.token.utf8).write(to: URL(filePath: token))
                let configuration = Self.configuration(
                    gitea,
                    token: token,
                    owners: owners,
                    cache: cache
                )
                let inquiry = TrustInquiry(configuration, reports: .none, logger: LogLines().logger)
                try await body(inquiry, gitea, configuration)
                await inquiry.close()
            }
        }
    }

    /// A job of a push by somebody to repository 17.
    private func job(sender: Int64 = 5, login: String = "anna") async throws -> ClaimedJob {
        var job = try await ClaimedJob.sample()
        job.delivery.body = Data(
            """
            {"ref":"refs/heads/main","repository":{"id":17,"full_name":"old/name"},
            "sender":{"id":\(sender),"login":"\(login)","is_admin":true}}
            """.utf8
        )
        return job
    }

    @Test
    func `a job needs what it was made with, whatever its route asks for now`() async throws {
        var job = try await job()
        #expect(TrustInquiry.levels(for: job) == nil)
        job.trustNeeded = "owner,reader"
        #expect(TrustInquiry.levels(for: job) == [.owner, .reader])
        job.trustNeeded = "owner,reader of sender and code"
        #expect(TrustInquiry.levels(for: job) == [.owner, .reader])
        job.trustNeeded = "everybody"
        #expect(TrustInquiry.levels(for: job) == [])
    }

    @Test
    func `who is no owner any more when the job starts is asked for`() async throws {
        try await withInquiry(owners: [5], { $0.permissions = [5: "owner"] }) {
            inquiry,
            gitea,
            configuration in
            let job = try await job()
            #expect(
                await inquiry.finding(for: job, Self.levels)
                    == .level(.owner, because: "user 5 is in trust.owners")
            )
            #expect(gitea.calls.isEmpty)
            var changed = configuration
            changed.trust.owners = []
            let later = TrustInquiry(changed, reports: .none, logger: LogLines().logger)
            let finding = await later.finding(for: job, Self.levels)
            await later.close()
            #expect(
                finding
                    == .level(
                        .contributor,
                        because: "user 5 in repository 17: permission owner"
                    )
            )
        }
    }

    @Test
    func `an owner who reopens a stranger's pull request does not lend trust`() async throws {
        try await withInquiry { inquiry, gitea, configuration in
            var job = try await job()
            job.delivery.event = "pull_request"
            job.delivery.eventType = "pull_request"
            job.delivery.body = Data(
                """
                {"action":"reopened","number":1,"repository":{"id":17},
                "sender":{"id":29,"login":"rooh"},"pull_request":{"id":9,
                "user":{"id":5,"login":"anna"},"base":{"repo_id":17},
                "head":{"repo_id":18,"repo":{"id":18,"owner":{"id":5,"login":"anna"}}}}}
                """.utf8
            )
            let sender = await inquiry.finding(for: job, Self.levels)
            #expect(sender == .level(.owner, because: "user 29 is in trust.owners"))
            job.trustNeeded = "owner,contributor of sender and code"
            guard case .refused(let reason) = await inquiry.finding(for: job, Self.levels) else {
                Issue.record("not refused")
                return
            }
            #expect(
                reason.hasPrefix("the code is of somebody who is readonly (user 5 in "),
                "\(reason)"
            )
            gitea.change { $0.permissions = [5: "write"] }
            // The first one remembers the answer for a while.
            let later = TrustInquiry(configuration, reports: .none, logger: LogLines().logger)
            let finding = await later.finding(for: job, Self.levels)
            await later.close()
            #expect(
                finding
                    == .level(.contributor, because: "user 5 in repository 17: permission write")
            )
        }
    }

    @Test
    func `an answer is remembered, a failure and a refusal are not`() async throws {
        try await withInquiry { inquiry, gitea, _ in
            let job = try await job()
            gitea.change { $0.mayLookAtPermissions = false }
            guard case .level(.readonly, _) = await inquiry.finding(for: job, Self.levels) else {
                Issue.record("not readonly")
                return
            }
            gitea.change { world in
                world.mayLookAtPermissions = true
                world.permissions = [5: "write"]
                world.troubles = Array(repeating: .status(503), count: 2)
            }
            guard case .unknown = await inquiry.finding(for: job, Self.levels) else {
                Issue.record("known")
                return
            }
            for _ in 1...3 {
                guard case .level(.contributor, _) = await inquiry.finding(for: job, Self.levels)
                else {
                    Issue.record("no contributor")
                    return
                }
            }
            gitea.change { $0.permissions = [:] }
            let calls = gitea.calls.count
            guard
                case .level(.contributor, let because) = await inquiry.finding(
                    for: job,
                    Self.levels
                )
            else {
                Issue.record("forgotten")
                return
            }
            #expect(because.hasSuffix(" s ago"))
            #expect(gitea.calls.count == calls)
        }
    }

    @Test
    func `without a payload nobody is more than readonly`() async throws {
        try await withInquiry { inquiry, gitea, _ in
            var job = try await job(sender: 29)
            job.delivery.body = nil
            #expect(
                await inquiry.finding(for: job, Self.levels)
                    == .level(.readonly, because: "the delivery has no readable payload")
            )
            job.delivery.body = Data("no JSON".utf8)
            guard case .level(.readonly, _) = await inquiry.finding(for: job, Self.levels) else {
                Issue.record("more than readonly")
                return
            }
            job = try await self.job(sender: 29)
            job.delivery.verifiedBy = nil
            #expect(
                await inquiry.finding(for: job, Self.levels)
                    == .level(.readonly, because: "the delivery is not verified")
            )
            #expect(gitea.calls.isEmpty)
        }
    }

    @Test
    func `without a section gitea nobody is guessed`() async throws {
        try await withInquiry { _, _, configuration in
            var changed = configuration
            changed.gitea = nil
            let inquiry = TrustInquiry(changed, reports: .none, logger: LogLines().logger)
            let finding = await inquiry.finding(for: try await job(), Self.levels)
            await inquiry.close()
            #expect(
                finding
                    == .unknown(
                        reason: "the configuration has no section gitea",
                        notBefore: .zero
                    )
            )
        }
    }

    @Test(arguments: [[TrustLevel.owner], []])
    func `where only owners may Gitea is not asked, and need not be there`(
        levels: [TrustLevel]
    ) async throws {
        try await withInquiry { inquiry, gitea, configuration in
            let refused = TrustFinding.refused(because: "user 5 is not in trust.owners")
            #expect(await inquiry.finding(for: try await job(), levels) == refused)
            #expect(gitea.calls.isEmpty)
            var changed = configuration
            changed.gitea = nil
            let without = TrustInquiry(changed, reports: .none, logger: LogLines().logger)
            let finding = await without.finding(for: try await job(), levels)
            await without.close()
            #expect(finding == refused)
        }
    }

    @Test(arguments: [403, 404])
    func `what a proxy says about a path is no level`(status: Int) async throws {
        try await withInquiry { inquiry, gitea, _ in
            gitea.change {
                $0.lastingTrouble = .status(status, body: "\(status) page not found\n")
            }
            guard case .unknown = await inquiry.finding(for: try await job(), Self.levels) else {
                Issue.record("a level")
                return
            }
        }
    }
}

extension GiteaReports {
    /// Told to nobody.
    static var none: GiteaReports {
        GiteaReports(questions: WorkerMetrics(handlers: [], slots: 1).giteaQuestions) { _ in }
    }
}

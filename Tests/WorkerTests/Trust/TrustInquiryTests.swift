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
    private static func configuration(
        _ gitea: FakeGitea,
        token: String,
        levels: [TrustLevel]?,
        owners: Set<Int64> = [29],
        cache: Duration = .seconds(300)
    ) -> Configuration {
        Configuration(
            file: "/samovar.yaml",
            store: "/queue.db",
            ingress: IngressSettings(secrets: []),
            gitea: GiteaSettings(url: gitea.url, token: TokenFile(file: token)),
            trust: TrustSettings(owners: owners, bots: [41], cache: cache),
            routes: [
                RouteSettings(name: "route", events: .any, trust: levels, run: "h")
            ]
        )
    }

    private func withInquiry(
        levels: [TrustLevel]? = [.owner],
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
                    levels: levels,
                    owners: owners,
                    cache: cache
                )
                let inquiry = TrustInquiry(configuration, logger: LogLines().logger)
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
    func `a job needs what it was made with, else what its route asks for now`() async throws {
        try await withInquiry(levels: [.owner, .contributor]) { inquiry, _, configuration in
            var job = try await job()
            #expect(inquiry.levels(for: job) == [.owner, .contributor])
            job.trustNeeded = "reader"
            #expect(inquiry.levels(for: job) == [.reader])
            job.trustNeeded = "everybody"
            #expect(inquiry.levels(for: job) == [])
            job.trustNeeded = nil
            var changed = configuration
            changed.routes = []
            let later = TrustInquiry(changed, logger: LogLines().logger)
            #expect(later.levels(for: job) == nil)
            await later.close()
        }
    }

    @Test
    func `who is no owner any more when the job starts is asked for`() async throws {
        try await withInquiry(owners: [5], { $0.permissions = [5: "owner"] }) {
            inquiry,
            gitea,
            configuration in
            let job = try await job()
            #expect(
                await inquiry.finding(for: job)
                    == .level(.owner, because: "user 5 is in trust.owners")
            )
            #expect(gitea.calls.isEmpty)
            var changed = configuration
            changed.trust.owners = []
            let later = TrustInquiry(changed, logger: LogLines().logger)
            let finding = await later.finding(for: job)
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
    func `an answer is remembered, a failure and a refusal are not`() async throws {
        try await withInquiry { inquiry, gitea, _ in
            let job = try await job()
            gitea.change { $0.mayLookAtPermissions = false }
            guard case .level(.readonly, _) = await inquiry.finding(for: job) else {
                Issue.record("not readonly")
                return
            }
            gitea.change { world in
                world.mayLookAtPermissions = true
                world.permissions = [5: "write"]
                world.troubles = Array(repeating: .status(503), count: 2)
            }
            guard case .unknown = await inquiry.finding(for: job) else {
                Issue.record("known")
                return
            }
            for _ in 1...3 {
                guard case .level(.contributor, _) = await inquiry.finding(for: job) else {
                    Issue.record("no contributor")
                    return
                }
            }
            gitea.change { $0.permissions = [:] }
            let calls = gitea.calls.count
            guard case .level(.contributor, let because) = await inquiry.finding(for: job) else {
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
                await inquiry.finding(for: job)
                    == .level(.readonly, because: "the delivery has no readable payload")
            )
            job.delivery.body = Data("no JSON".utf8)
            guard case .level(.readonly, _) = await inquiry.finding(for: job) else {
                Issue.record("more than readonly")
                return
            }
            job = try await self.job(sender: 29)
            job.delivery.verifiedBy = nil
            #expect(
                await inquiry.finding(for: job)
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
            let inquiry = TrustInquiry(changed, logger: LogLines().logger)
            let finding = await inquiry.finding(for: try await job())
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
}

import GiteaClient
import QueueCore
import Settings
import Testing

@testable import Worker

@Suite
struct TrustOutcomeTests {
    private static let policy = RetryPolicy(attempts: 3, base: .seconds(10), cap: .seconds(60))

    private static func outcome(
        _ finding: TrustFinding,
        _ levels: [TrustLevel] = [.owner, .contributor],
        stopped: StopReason? = nil,
        attempt: Int64 = 1,
        policy: RetryPolicy = policy,
        random: Double = 0.5
    ) -> TrustOutcome {
        TrustOutcome(
            finding,
            levels: levels,
            stopped: stopped,
            policy: policy,
            attempt: attempt,
            random: random
        )
    }

    @Test(arguments: [
        (TrustLevel.owner, [TrustLevel.owner]), (.contributor, [.owner, .contributor]),
        (.reader, [.reader]), (.readonly, [.owner, .readonly]),
    ])
    func `a level that is listed starts`(level: TrustLevel, levels: [TrustLevel]) {
        #expect(Self.outcome(.level(level, because: "b"), levels) == .start(level))
    }

    @Test(arguments: [
        (TrustLevel.reader, [TrustLevel.owner, .contributor]), (.contributor, [.owner]),
        (.owner, [.contributor, .reader, .readonly]), (.readonly, []),
    ])
    func `a level that is not listed cancels, and says why`(
        level: TrustLevel,
        levels: [TrustLevel]
    ) {
        let outcome = Self.outcome(.level(level, because: "user 5: permission x"), levels)
        guard case .end(.cancelled(let reason), let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason == error)
        #expect(reason.hasPrefix("trust: the sender is \(level) (user 5: permission x), not "))
    }

    @Test
    func `who is refused is cancelled`() {
        let reason = "trust: user 5 is not in trust.owners"
        #expect(
            Self.outcome(.refused(because: "user 5 is not in trust.owners"), [.owner])
                == .end(.cancelled(reason: reason), error: reason)
        )
    }

    private static func delay(
        _ attempt: Int64,
        _ policy: RetryPolicy = policy,
        notBefore: Duration = .zero,
        random: Double = 0
    ) -> Duration? {
        let finding = TrustFinding.unknown(reason: "it is down", notBefore: notBefore)
        let outcome = outcome(finding, attempt: attempt, policy: policy, random: random)
        guard case .end(.snooze(let delay), let error) = outcome else { return nil }
        #expect(error == "the sender's trust could not be asked: it is down")
        return delay
    }

    @Test
    func `what could not be asked is no failure, however often, and waits longer each time`() {
        #expect((1...5).map { Self.delay($0) } == [5, 10, 20, 30, 30].map { .seconds($0) })
        #expect(Self.delay(1, random: 0.5) == .seconds(7.5))
        #expect(Self.delay(.max) == .seconds(30))
        #expect(Self.delay(1, notBefore: .seconds(900)) == .seconds(900))
        #expect(Self.delay(1, notBefore: .seconds(9_000_000)) == .seconds(7 * 86_400))
    }

    @Test
    func `a question is asked again within minutes, and not at once`() {
        let slow = RetryPolicy(attempts: 1, base: .seconds(3600), cap: .seconds(86_400))
        #expect(Self.delay(9, slow, random: 0.5) == .seconds(225))
        let quick = RetryPolicy(attempts: 1, base: .zero, cap: .zero)
        #expect(Self.delay(9, quick) == .milliseconds(500))
    }

    @Test
    func `an order to stop counts more than any answer`() {
        let findings: [TrustFinding] = [
            .level(.owner, because: ""), .level(.readonly, because: ""), .refused(because: ""),
            .unknown(reason: "", notBefore: .zero),
        ]
        for finding in findings {
            #expect(
                Self.outcome(finding, stopped: .cancelled)
                    == .end(
                        .cancelled(reason: "cancelled by an operator"),
                        error: "cancelled by an operator"
                    )
            )
            #expect(
                Self.outcome(finding, stopped: .shutdown)
                    == .end(.released, error: "the worker stopped")
            )
            #expect(
                Self.outcome(finding, stopped: .leaseLost)
                    == .end(.released, error: "the lease was lost")
            )
        }
    }

    // MARK: What Gitea says

    @Test(arguments: [
        ("owner", TrustLevel.contributor), ("admin", .contributor), ("write", .contributor),
        ("read", .reader), ("none", .readonly), ("", .readonly), ("Owner", .readonly),
        ("maintain", .readonly),
    ])
    func `no permission makes an owner, and an unknown one is worth nothing`(
        permission: String,
        level: TrustLevel
    ) {
        #expect(
            TrustInquiry.level(
                of: GiteaAccess(permission: permission, evidence: .permission)
            ).level == level
        )
    }

    static let certain: [GiteaError] = [
        .forbidden(message: ""), .notFound(message: ""),
    ]

    static let passing: [GiteaError] = [
        .unreachable(reason: ""), .interrupted(reason: ""), .timeout(after: .seconds(1)),
        .cancelled, .noToken(reason: ""), .unauthorized, .refused(status: 400, message: ""),
        .server(status: 500, message: ""), .malformed(reason: ""),
        .redirected(status: 301, to: ""), .tooLarge(limit: ""),
    ]

    @Test(arguments: certain)
    func `403 and 404 mean that somebody may read only`(error: GiteaError) {
        guard case .level(.readonly, let because) = TrustInquiry.finding(for: error, "user 5")
        else {
            Issue.record("not readonly")
            return
        }
        #expect(because == "user 5: \(error)")
    }

    @Test(arguments: passing)
    func `all other failures are asked again, and are never a level`(error: GiteaError) {
        #expect(
            TrustInquiry.finding(for: error, "user 5")
                == .unknown(reason: error.description, notBefore: .zero)
        )
    }

    @Test
    func `a server that says when is not asked before`() {
        let error = GiteaError.rateLimited(retryAfter: .seconds(90))
        #expect(
            TrustInquiry.finding(for: error, "user 5")
                == .unknown(reason: error.description, notBefore: .seconds(90))
        )
    }
}

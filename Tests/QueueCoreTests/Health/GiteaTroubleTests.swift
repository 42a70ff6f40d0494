import TestSupport
import Testing

@testable import QueueCore

/// What the store tells of questions that Gitea does not answer.
@Suite
struct GiteaTroubleTests {
    private static func job(_ trustNeeded: String?, lane: String? = nil) -> NewJob {
        var job = NewJob.sample(lane: lane)
        job.trustNeeded = trustNeeded
        return job
    }

    /// Ends an attempt as one that asked in vain does.
    private func askInVain(
        _ token: AttemptToken,
        _ why: String,
        for delay: Duration = .seconds(60),
        in queue: TestQueue
    ) async throws {
        let end = AttemptEnd(
            token: token,
            outcome: .snooze(for: delay),
            endedAt: queue.clock.now,
            error: GiteaTrouble.errorStart + why
        )
        _ = try await queue.exchange([end], 0)
    }

    @Test(arguments: Backend.all)
    func `jobs that asked in vain are counted, with since when, and the last error`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let start = queue.clock.now
            func trouble() async throws -> GiteaTrouble? {
                try await queue.store.status().giteaTrouble
            }
            _ = try await queue.add([
                Self.job("contributor", lane: "a"), Self.job("contributor", lane: "a"),
                Self.job("reader"), Self.job(nil),
            ])
            let tokens = try await queue.claim().map(\.token)
            #expect(try await trouble() == nil)
            try await askInVain(tokens[0], "401", in: queue)
            queue.clock.advance(by: .seconds(5))
            try await askInVain(tokens[1], "503", in: queue)
            // A handler's own wish to be asked later is no trouble of Gitea's.
            try await queue.end(tokens[2], .snooze(for: .seconds(600)))
            let both = GiteaTrouble(
                jobs: 2,
                since: start,
                lastAt: start + .seconds(5),
                lastError: "503"
            )
            #expect(try await trouble() == both)
            queue.clock.advance(by: .seconds(55))
            let again = try await queue.claimOne()
            #expect(try await trouble() == both, "it asks again just now")
            try await askInVain(again, "still 401", in: queue)
            #expect(try await trouble()?.since == start)
            #expect(try await trouble()?.lastError == "still 401")
            queue.clock.advance(by: .seconds(100))
            for token in try await queue.claim().map(\.token) {
                try await queue.end(token, .done)
            }
            #expect(try await trouble() == nil)
        }
    }

    @Test
    func `a doctor warns of it`() {
        var facts = WorkFacts()
        let now = TestClock().now
        let machine = MachineFacts(
            now: now,
            monotonic: MonotonicTime(rawValue: 1),
            bootID: "boot",
            alive: []
        )
        func gitea() -> Diagnosis? {
            facts.diagnoses(at: machine).first { $0.check == "gitea" }
        }
        #expect(gitea()?.level == .ok)
        facts.giteaTrouble = GiteaTrouble(
            jobs: 8,
            since: now + .seconds(-185),
            lastAt: now,
            lastError: "Gitea does not know the token (401)"
        )
        #expect(gitea()?.level == .warning)
        #expect(
            gitea()?.text
                == "asked in vain for 3 min 5 s, by 8 jobs: Gitea does not know the token (401)"
        )
    }
}

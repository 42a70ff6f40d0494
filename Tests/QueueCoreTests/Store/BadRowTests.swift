import QueueCore
import TestSupport
import Testing

/// Rows that somebody's hand made must not keep the others from running.
@Suite
struct BadRowTests {
    @Test
    func `a job that cannot be leased is put off, and outcomes are still written`()
        async throws
    {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { _ in store }
            let first = try await queue.add()
            let token = try await queue.claimOne()
            let (bad, good) = (try await queue.add(), try await queue.add())
            // A shell without this trigger's help: the attempt's number is taken already.
            let shell = try Shell(path)
            try shell.run("DROP TRIGGER attempt_has_a_job")
            try shell.run(
                """
                INSERT INTO attempt (job, number, worker, started_at, ended_at, outcome)
                VALUES (\(bad), 1, 'w1', 0, 1, 'lost')
                """
            )
            let end = AttemptEnd(token: token, outcome: .done, endedAt: queue.clock.now)
            let (ends, claimed) = try await queue.exchange([end], 9, ["h": 9])
            #expect(ends == [.written(.done)])
            #expect(claimed.map(\.token.job) == [good])
            #expect(try await queue.state(first) == .done)
            // Sound again, for the checks at the end.
            try shell.run("DROP TRIGGER attempt_is_kept_with_its_job")
            try shell.run("DELETE FROM attempt WHERE job = \(bad)")
        }
    }
}

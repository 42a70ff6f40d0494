import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct OutcomeTests {
    /// What one outcome leaves behind.
    struct Row: Sendable, CustomTestStringConvertible {
        var outcome: Outcome
        var state: JobState
        var recorded: String
        var reason: String?
        var failures: Int64 = 0
        var delay: Duration?

        var testDescription: String { recorded }
    }

    static let rows = [
        Row(outcome: .done, state: .done, recorded: "done"),
        Row(
            outcome: .retry(after: .seconds(17)),
            state: .ready,
            recorded: "retry",
            failures: 1,
            delay: .seconds(17)
        ),
        Row(
            outcome: .snooze(for: .seconds(300)),
            state: .ready,
            recorded: "snooze",
            delay: .seconds(300)
        ),
        Row(
            outcome: .dead(reason: "exit code 64"),
            state: .dead,
            recorded: "dead",
            reason: "exit code 64",
            failures: 1
        ),
        Row(outcome: .released, state: .ready, recorded: "released", delay: .zero),
        Row(
            outcome: .cancelled(reason: "asked"),
            state: .cancelled,
            recorded: "cancelled",
            reason: "asked"
        ),
    ]

    @Test(arguments: Backend.all, rows)
    func `an outcome is written to the job, its attempt and its output`(
        backend: Backend,
        expected: Row
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let start = queue.clock.now
            let token = try await queue.claimOne()
            queue.clock.advance(by: .seconds(9))
            let now = queue.clock.now
            let output = AttemptOutput(kept: Data("out".utf8), bytes: 70_000)
            let end = AttemptEnd(
                token: token,
                outcome: expected.outcome,
                endedAt: now,
                exitCode: 3,
                signal: 15,
                httpStatus: 503,
                error: "why",
                output: output
            )
            #expect(try await queue.exchange([end], 0).ends == [.written(expected.state)])

            let row = try await queue.row(job)
            #expect(row["state"] == .text(expected.state.rawValue))
            #expect(row["attempt"] == .integer(1))
            #expect(row["failures"] == .integer(expected.failures))
            #expect(row["losses"] == .integer(0))
            #expect(row["worker"] == .null)
            #expect(row["reason"] == expected.reason.map { .text($0) } ?? .null)
            #expect(row["last_error"] == .text("why"))
            if let delay = expected.delay {
                #expect(row["run_at"] == .time(now + delay))
                #expect(row["finished_at"] == .null)
            } else {
                #expect(row["run_at"] == .time(start))
                #expect(row["finished_at"] == .time(now))
            }

            let attempt = try #require(try await queue.attempts(job).first)
            let columns: [String: Record.Value] = [
                "id": .integer(1), "job": .integer(job.rawValue), "number": .integer(1),
                "worker": .text("w1"), "started_at": .time(start), "ended_at": .time(now),
                "outcome": .text(expected.recorded), "exit_code": .integer(3),
                "signal": .integer(15), "http_status": .integer(503), "error": .text("why"),
            ]
            #expect(Dictionary(uniqueKeysWithValues: attempt.columns.map { ($0, $1) }) == columns)
            #expect(try await queue.store.output(of: job, attempt: nil) == output)
            #expect(try await queue.store.output(of: job, attempt: 1) == output)
            #expect(try await queue.store.output(of: job, attempt: 2) == nil)
        }
    }

    @Test(arguments: Backend.all)
    func `the last output is the one of the last attempt that printed`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for text: String? in ["one", "two", nil] {
                let output = text.map { AttemptOutput(kept: Data($0.utf8), bytes: 3) }
                let end = AttemptEnd(
                    token: try await queue.claimOne(),
                    outcome: .retry(after: .zero),
                    endedAt: queue.clock.now,
                    output: output
                )
                #expect(try await queue.exchange([end], 0).ends == [.written(.ready)])
            }
            let last = try await queue.store.output(of: job, attempt: nil)
            #expect(last?.kept == Data("two".utf8))
            #expect(try await queue.store.output(of: job, attempt: 1)?.kept == Data("one".utf8))
            #expect(try await queue.store.output(of: job, attempt: 3) == nil)
            #expect(try await queue.store.output(of: JobID(rawValue: 9), attempt: nil) == nil)
        }
    }

    @Test(arguments: Backend.all)
    func `failures are counted, and the next attempt is told how many there were`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let outcomes: [Outcome] = [
                .retry(after: .zero), .snooze(for: .zero), .released, .retry(after: .zero),
            ]
            var failures: [Int] = []
            for outcome in outcomes {
                let claimed = try #require(try await queue.claim().first)
                failures.append(claimed.failures)
                try await queue.end(claimed.token, outcome)
            }
            #expect(failures == [0, 1, 1, 1])
            #expect(try await queue.row(job)["failures"] == .integer(2))
        }
    }

    // MARK: Snooze

    @Test(arguments: Backend.all)
    func `a job that snoozes for more than seven days is buried`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for day in 0...7 {
                let token = try await queue.claimOne()
                let result = try await queue.end(token, .snooze(for: .seconds(86_400)))
                #expect(result == .written(.ready), "day \(day)")
                queue.clock.advance(by: .seconds(86_400))
            }
            let result = try await queue.end(try await queue.claimOne(), .snooze(for: .zero))
            #expect(result == .written(.dead))
            #expect(try await queue.row(job)["reason"] == .text("snoozed for more than 7 days"))
            #expect(try await queue.row(job)["failures"] == .integer(0))
        }
    }

    @Test(arguments: Backend.all)
    func `a failure between two snoozes begins the seven days anew`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let sixDays = Duration.seconds(6 * 86_400)
            let outcomes: [Outcome] = [
                .snooze(for: sixDays), .retry(after: .zero), .snooze(for: sixDays),
                .snooze(for: .zero),
            ]
            for outcome in outcomes {
                let token = try await queue.claimOne()
                #expect(try await queue.end(token, outcome) == .written(.ready))
                if outcome == .snooze(for: sixDays) { queue.clock.advance(by: sixDays) }
            }
        }
    }

    @Test(arguments: Backend.all)
    func `a release between two snoozes does not begin the seven days anew`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let fourDays = Duration.seconds(4 * 86_400)
            for outcome: Outcome in [.snooze(for: fourDays), .released, .snooze(for: fourDays)] {
                let token = try await queue.claimOne()
                #expect(try await queue.end(token, outcome) == .written(.ready))
                if outcome != .released { queue.clock.advance(by: fourDays) }
            }
            let result = try await queue.end(try await queue.claimOne(), .snooze(for: .zero))
            #expect(result == .written(.dead))
        }
    }

    // MARK: Requeue

    @Test(arguments: Backend.all)
    func `a requeued job has a new budget and no past but its attempts`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .zero))
            #expect(try await queue.lose(try await queue.claimOne()) == .written(.ready))
            try await queue.end(try await queue.claimOne(), .dead(reason: "broken"))
            queue.clock.advance(by: .seconds(100))

            #expect(try await queue.requeue([job]) == [job])
            let row = try await queue.row(job)
            #expect(row["state"] == .text("ready"))
            #expect(row["failures"] == .integer(0))
            #expect(row["losses"] == .integer(0))
            #expect(row["attempt"] == .integer(3))
            #expect(row["reason"] == .null)
            #expect(row["finished_at"] == .null)
            #expect(row["run_at"] == .time(queue.clock.now))
            #expect(try await queue.claimOne() == AttemptToken(job: job, attempt: 4))
        }
    }

    @Test(arguments: Backend.all)
    func `a requeued job may snooze for seven days again`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .snooze(for: .seconds(8 * 86_400)))
            queue.clock.advance(by: .seconds(8 * 86_400))
            let buried = try await queue.end(try await queue.claimOne(), .snooze(for: .zero))
            #expect(buried == .written(.dead))
            #expect(try await queue.requeue([job]) == [job])
            let result = try await queue.end(try await queue.claimOne(), .snooze(for: .zero))
            #expect(result == .written(.ready))
        }
    }

    @Test(arguments: Backend.all)
    func `only dead jobs are requeued, each once`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead()
            let done = try await queue.add()
            try await queue.end(try await queue.claimOne(), .done)
            let cancelled = try await queue.add()
            try await queue.end(try await queue.claimOne(), .cancelled(reason: "asked"))
            let leased = try await queue.add()
            _ = try await queue.claimOne()
            let ready = try await queue.add()
            let missing = JobID(rawValue: 99)
            let all = [done, cancelled, dead, leased, ready, missing, dead]
            #expect(try await queue.requeue(all) == [dead])
            #expect(try await queue.requeue([]) == [])
            let states = try await queue.store.status().jobs
            #expect(states == [.ready: 2, .leased: 1, .done: 1, .cancelled: 1])
        }
    }

    @Test(arguments: Backend.all)
    func `a claimed job says since when it has waited`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let first = try await queue.claim(1)[0]
            #expect(first.snoozedSince == nil)
            let since = queue.clock.now
            try await queue.end(first.token, .snooze(for: .seconds(60)))
            queue.clock.advance(by: .seconds(60))
            let second = try await queue.claim(1)[0]
            #expect(second.snoozedSince == since)
            try await queue.end(second.token, .retry(after: .zero, keepsWaiting: true))
            let third = try await queue.claim(1)[0]
            #expect(third.snoozedSince == since)
            #expect(third.failures == 1)
            try await queue.end(third.token, .retry(after: .zero))
            #expect(try await queue.claim(1)[0].snoozedSince == nil)
        }
    }
}

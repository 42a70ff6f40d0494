import Foundation
import Logging
import QueueCore
import Settings
import TestSupport

@testable import Worker

/// A runner with one http handler, as the worker has it.
final class HTTPTrial: Sendable {
    let runner: HTTPRunner
    let inbox = Inbox()
    let log = LogLines()
    let clock = TestClock()

    /// The name that sample jobs have.
    static let handler = "h"

    private init(_ settings: HTTPSettings, timeout: Duration) throws {
        runner = try HTTPRunner(
            handlers: [
                HandlerSettings(
                    name: Self.handler,
                    kind: .http(settings),
                    timeout: timeout,
                    retry: RetrySettings(attempts: 8, base: .seconds(10), cap: .seconds(3600))
                )
            ],
            storeID: "store-1",
            clocks: clock.clocks,
            inbox: inbox,
            logger: log.logger
        )
    }

    /// Gives a test a runner, which is closed afterwards.
    static func with<Value>(
        _ settings: HTTPSettings,
        timeout: Duration = patience,
        _ body: (HTTPTrial) async throws -> Value
    ) async throws -> Value {
        let trial = try HTTPTrial(settings, timeout: timeout)
        do {
            let value = try await body(trial)
            await trial.runner.close()
            return value
        } catch {
            await trial.runner.close()
            throw error
        }
    }

    /// What one job comes to when a server answers so.
    static func runOne(
        timeout: Duration = patience,
        answer: @escaping @Sendable (TestServer.Request) -> TestServer.Answer
    ) async throws -> AttemptEnd {
        try await TestServer.with(answer) { server in
            try await with(HTTPSettings(url: server.url), timeout: timeout) { try await $0.run() }
        }
    }

    /// Starts a job with the lease that it was claimed with.
    func start(_ job: ClaimedJob) -> RunningAttempt {
        runner.start(job, LeaseTime(until: job.leaseUntil, clocks: clock.clocks))
    }

    /// Runs one job to its end.
    func run(_ job: ClaimedJob) async throws -> AttemptEnd {
        _ = start(job)
        return try await nextEnds(1)[0]
    }

    func run() async throws -> AttemptEnd {
        try await run(ClaimedJob.sample())
    }

    /// Waits for so many ends, and for no more.
    func nextEnds(_ count: Int) async throws -> [AttemptEnd] {
        var ends: [AttemptEnd] = []
        for await _ in inbox.arrivals {
            ends += inbox.take().ended
            if ends.count >= count { break }
        }
        guard ends.count == count else { throw WrongCount(ends: ends.count) }
        return ends
    }

    /// Looks on a thread that may block.
    func awaitUntil(_ what: String, until holds: @escaping @Sendable () -> Bool) async throws {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            try waitUntil(what, until: holds)
        }
    }

    struct WrongCount: Error {
        var ends: Int
    }
}

extension Outcome {
    /// The first failure of a job, half-way between the shortest and the longest delay.
    static let later = Outcome.retry(after: .seconds(7.5))

    /// A job whose service was not reached: as long, and no failure.
    static let waits = Outcome.snooze(for: .seconds(7.5))
}

extension AttemptEnd {
    var outputText: String? { output.map { String(decoding: $0.kept, as: UTF8.self) } }
}

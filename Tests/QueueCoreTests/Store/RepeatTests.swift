import Foundation
import QueueCore
import TestSupport
import Testing

/// The same bytes under another id: Gitea's "Redeliver", or a second hook on one URL.
@Suite
struct RepeatTests {
    /// What became of the first delivery's job, and what a repeat of it then does.
    struct Case: Sendable, CustomTestStringConvertible {
        var outcome: Outcome?
        var redelivery = Redelivery.once
        var then: String
        var verdict = Verdict.repeated

        var testDescription: String {
            "\(outcome.map { "\($0)" } ?? "waits"), \(redelivery): \(then)"
        }
    }

    static let cases = [
        Case(outcome: nil, then: "left alone"),
        Case(outcome: nil, redelivery: .rerun, then: "left alone"),
        Case(outcome: .retry(after: .seconds(60)), then: "left alone"),
        Case(outcome: .done, then: "left alone"),
        Case(outcome: .done, redelivery: .rerun, then: "rerun", verdict: .routed),
        Case(outcome: .cancelled(reason: "asked"), then: "left alone"),
        Case(outcome: .cancelled(reason: "asked"), redelivery: .rerun, then: "left alone"),
        Case(outcome: .dead(reason: "broken"), then: "requeued"),
        Case(outcome: .dead(reason: "broken"), redelivery: .rerun, then: "requeued"),
    ]

    @Test(arguments: Backend.all, cases)
    func `a repeat does what is left to be done, and says so`(
        backend: Backend,
        expected: Case
    ) async throws {
        try await backend.withQueue { queue in
            let first = try await deliver(queue, [.sample()])
            if let outcome = expected.outcome {
                try await queue.end(try await queue.claimOne(), outcome)
            }
            let before = try await queue.row(JobID(rawValue: 1))
            let again = try await deliver(queue, [.sample(redelivery: expected.redelivery)])

            #expect(again.verdict == .text(expected.verdict.rawValue))
            #expect(
                again.decision
                    == .json(
                        #"{"repeat":{"of":\#(first.seq),"routes":"#
                            + #"[{"route":"route","job":1,"then":"\#(expected.then)"}]}}"#
                    )
            )
            let reason =
                expected.then == "requeued" ? "dead jobs requeued: 1" : "nothing to do"
            let text = "the same bytes as delivery \(first.seq): \(reason)"
            #expect(again.reason == (expected.verdict == .routed ? .null : .text(text)))
            #expect(again.jobs.map { $0["replay_of"] } == (again.jobs.isEmpty ? [] : [.integer(1)]))
            #expect(again.jobs.count == (expected.then == "rerun" ? 1 : 0))
            let after = try await queue.row(JobID(rawValue: 1))
            if expected.then == "requeued" {
                #expect(after["state"] == .text("ready"))
                #expect(after["failures"] == .integer(0))
                #expect(try await queue.claim().map(\.token.attempt) == [2])
            } else {
                #expect(after == before)
            }
        }
    }

    @Test(arguments: Backend.all)
    func `a route that made no job of these bytes before makes one`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await deliver(queue, [.sample(route: "a")])
            try await queue.end(try await queue.claimOne(), .done)
            let again = try await deliver(queue, [.sample(route: "a"), .sample(route: "b")])
            #expect(again.verdict == .text("routed"))
            #expect(again.jobs.map { $0["route"] } == [.text("b")])
            #expect(again.jobs.map { $0["replay_of"] } == [.null])
            let routes =
                #"[{"route":"a","job":1,"then":"left alone"},{"route":"b","job":null,"then":"new"}]"#
            #expect(again.decision == .json(#"{"repeat":{"of":1,"routes":\#(routes)}}"#))
            // And only once.
            let third = try await deliver(queue, [.sample(route: "a"), .sample(route: "b")])
            #expect(third.verdict == .text("repeat"))
            #expect(third.jobs.isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `each route is taken by itself, and a requeue is counted`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let routes = ["a", "b", "c"].map { NewJob.sample(route: $0) }
            _ = try await deliver(queue, routes)
            let tokens = try await queue.claim().map(\.token)
            let outcomes: [Outcome] = [.dead(reason: "x"), .done, .dead(reason: "y")]
            for (token, outcome) in zip(tokens, outcomes) { try await queue.end(token, outcome) }
            let again = try await deliver(queue, routes)
            #expect(again.reason == .text("the same bytes as delivery 1: dead jobs requeued: 2"))
            #expect(
                Set(try await queue.claim().map(\.token.job)) == [tokens[0].job, tokens[2].job]
            )
        }
    }

    @Test(arguments: Backend.all)
    func `a repeat of a repeat looks at the latest job of each route`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let rerun = [NewJob.sample(redelivery: .rerun)]
            _ = try await deliver(queue, rerun)
            try await queue.end(try await queue.claimOne(), .done)
            let second = try await deliver(queue, rerun)
            try await queue.end(try await queue.claimOne(), .dead(reason: "broken"))
            let third = try await deliver(queue, rerun)
            #expect(third.verdict == .text("repeat"))
            #expect(try await queue.claim().map { $0.token.job.rawValue } == [2])
            #expect(
                third.reason
                    == .text("the same bytes as delivery \(second.seq): dead jobs requeued: 1")
            )
            let fourth = try await deliver(queue, rerun)
            // The third made no job: what runs is that of the second.
            #expect(
                fourth.reason == .text("the same bytes as delivery \(second.seq): nothing to do")
            )
        }
    }

    @Test(arguments: Backend.all)
    func `of two that are decided together the second repeats the first`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(2)
            let decisions = seqs.map {
                queue.routed(.delivery($0), [.sample()], payloadSHA256: "same")
            }
            let ids = [JobID(rawValue: 1)]
            #expect(try await queue.store.decide(decisions).jobs == ids)
            let second = try #require(try await queue.store.records(.delivery(seqs[1])).first)
            #expect(second["verdict"] == .text("repeat"))
            #expect(try await queue.claim().map(\.token.job) == ids)
        }
    }

    // MARK: What is no repeat

    /// What makes two deliveries of the same bytes two.
    struct Difference: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var first: @Sendable (inout Delivery) -> Void = { _ in }
        var second: @Sendable (inout Delivery) -> Void = { _ in }
        var isTest = false
        var hash = "same"
        var apart = Duration.zero
        var isRepeat = false
    }

    static let week = Duration.seconds(7 * 86_400)

    static let differences = [
        Difference(testDescription: "another source", second: { $0.source = "mirror" }),
        Difference(testDescription: "the first is unverified", first: { $0.verifiedBy = nil }),
        Difference(testDescription: "the second is unverified", second: { $0.verifiedBy = nil }),
        Difference(testDescription: "a test delivery", isTest: true),
        Difference(testDescription: "other bytes", hash: "other"),
        Difference(testDescription: "more than 7 days", apart: week + .microseconds(1)),
        Difference(testDescription: "just 7 days", apart: week, isRepeat: true),
        Difference(
            testDescription: "another secret",
            second: { $0.verifiedBy = "next" },
            isRepeat: true
        ),
        Difference(
            testDescription: "another event type",
            second: { $0.eventType = "x" },
            isRepeat: true
        ),
    ]

    @Test(arguments: Backend.all, differences)
    func `a repeat has the same source and bytes, both verified, within seven days, and is no test`(
        backend: Backend,
        difference: Difference
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await deliver(queue, [.sample()], change: difference.first)
            try await queue.end(try await queue.claimOne(), .done)
            queue.clock.advance(by: difference.apart)
            let again = try await deliver(
                queue,
                [.sample()],
                hash: difference.hash,
                isTest: difference.isTest,
                change: difference.second
            )
            #expect(again.verdict == .text(difference.isRepeat ? "repeat" : "routed"))
            #expect(again.jobs.count == (difference.isRepeat ? 0 : 1))
            if !difference.isRepeat { #expect(again.decision == .json("{}")) }
        }
    }

    @Test(arguments: Backend.all)
    func `a replay of a delivery runs again, though its bytes are known`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let first = try await deliver(queue, [.sample()])
            try await queue.end(try await queue.claimOne(), .done)
            try await queue.replay(DeliverySeq(rawValue: first.seq))
            let target = try #require(try await queue.store.waitingToBeRouted(atMost: 1).first)
                .target
            let decision = queue.routed(target, [.sample()], payloadSHA256: "same")
            #expect(try await queue.store.decide([decision]).jobs == [JobID(rawValue: 2)])
            #expect(try await queue.claim().count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `bytes that no route wanted before are routed when one does`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let ignored = try await deliver(queue, [])
            #expect(ignored.verdict == .text("ignored"))
            let again = try await deliver(queue, [.sample()])
            #expect(again.verdict == .text("routed"))
            #expect(again.jobs.count == 1)
            let ignoredAgain = try await deliver(queue, [])
            #expect(ignoredAgain.verdict == .text("ignored"))
        }
    }

    // MARK: Parts

    private struct Delivered {
        var seq: Int64
        var verdict: Record.Value
        var reason: Record.Value
        var decision: Record.Value
        var jobs: [Record]
    }

    /// Stores a delivery of the same bytes as every other here, and routes it.
    private func deliver(
        _ queue: TestQueue,
        _ jobs: [NewJob],
        hash: String = "same",
        isTest: Bool = false,
        change: (inout Delivery) -> Void = { _ in }
    ) async throws -> Delivered {
        var fresh = Delivery.sample(id: UUID().uuidString, receivedAt: queue.clock.now)
        change(&fresh)
        let delivery = fresh
        guard case .accepted(let seq) = try await queue.store.accept({ [delivery] })[0] else {
            throw Unexpected("it was there already")
        }
        let decision = Decision(
            target: .delivery(seq),
            verdict: jobs.isEmpty ? .ignored : .routed,
            reason: jobs.isEmpty ? "no route matches" : nil,
            explanation: "{}",
            payloadSHA256: hash,
            isTest: isTest,
            jobs: jobs
        )
        #expect(try await queue.store.decide([decision]) != .stale)
        let row = try #require(try await queue.store.records(.delivery(seq)).first)
        return Delivered(
            seq: seq.rawValue,
            verdict: row["verdict"],
            reason: row["reason"],
            decision: row["decision"],
            jobs: try await queue.store.records(
                .jobs(Selection(delivery: seq), limit: 99)
            )
        )
    }
}

import QueueCore
import TestSupport
import Testing

@Suite
struct LoopTests {
    private static let issue = "default/repo:17/issue:42"
    private static let reason = "bots caused more than 3 events within 1h on o/r#42"

    /// Three events in an hour are fine.
    private static func watch(_ issue: String = issue) -> LoopWatch {
        LoopWatch(issue: issue, events: 3, window: .seconds(3600), reason: reason)
    }

    /// Takes and decides a delivery that a bot caused.
    private func decide(
        _ queue: TestQueue,
        _ jobs: [NewJob] = [.sample(lane: issue)],
        on issue: String = issue,
        hash: String? = nil
    ) async throws -> WrittenDecision {
        let seq = try await queue.store.accept { [delivery(queue.clock.now)] }
            .compactMap { answer in
                if case .accepted(let seq) = answer { seq } else { nil }
            }[0]
        var decision = queue.routed(.delivery(seq), jobs, payloadSHA256: hash)
        decision.loop = Self.watch(issue)
        let result = try await queue.store.decide([decision])
        guard case .decided(let written) = result else { throw Unexpected("\(result)") }
        return written[0]
    }

    private func delivery(_ time: Timestamp) -> Delivery {
        .sample(id: "loop-\(UInt64.random(in: .min ... .max))", receivedAt: time)
    }

    @Test(arguments: Backend.all)
    func `one event too many parks the lane with a reason, and nothing is lost`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            for _ in 1...3 {
                #expect(try await decide(queue).reason == nil)
                try await queue.end(try await queue.claimOne(), .done)
            }
            let fourth = try await decide(queue)
            #expect(fourth.verdict == .routed)
            #expect(fourth.reason == "parked: \(Self.reason)")
            #expect(fourth.jobs.count == 1)
            #expect(try await queue.claim().isEmpty)
            let pauses = try await queue.store.pauses()
            #expect(
                pauses == [
                    Pause(
                        target: .lane(Self.issue),
                        reason: Self.reason,
                        since: queue.clock.now
                    )
                ]
            )
            let incident = try #require(
                try await queue.store.records(.incidents(limit: 9)).first
            )
            #expect(incident["kind"] == .text("loop"))
            #expect(incident["source"] == .text("default"))
            #expect(incident["subject"] == .text(Self.issue))
            #expect(incident["detail"] == .text(Self.reason))
            // What comes later waits as well.
            let fifth = try await decide(queue)
            #expect(fifth.reason == "parked: \(Self.reason)")
            #expect(try await queue.claim().isEmpty)
            #expect(try await queue.store.resume(.lane(Self.issue)))
            #expect(try await queue.claim().map(\.token.job) == fourth.jobs)
        }
    }

    @Test(arguments: Backend.all)
    func `the decision says how many came before`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            for earlier in 0...4 {
                _ = try await decide(queue)
                let seq = DeliverySeq(rawValue: Int64(earlier + 1))
                let row = try #require(try await queue.store.records(.delivery(seq)).first)
                #expect(
                    row["decision"]
                        == .json(
                            #"{"loop":{"issue":"\#(Self.issue)","earlier":\#(min(earlier, 3)),"#
                                + #""most":3,"parked":\#(earlier >= 3)}}"#
                        )
                )
            }
        }
    }

    @Test(arguments: Backend.all)
    func `events longer ago than the window do not count, nor those of other issues`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue async throws in
            for _ in 1...3 { #expect(try await decide(queue).reason == nil) }
            for _ in 1...3 {
                #expect(try await decide(queue, on: "default/repo:17/issue:4").reason == nil)
            }
            queue.clock.advance(by: .seconds(3600))
            for _ in 1...3 { #expect(try await decide(queue).reason == nil) }
            queue.clock.advance(by: .seconds(3599))
            #expect(try await decide(queue).reason != nil)
        }
    }

    @Test(arguments: Backend.all)
    func `when an event came counts, not when it was decided`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            for _ in 1...4 {
                let now = queue.clock.now
                _ = try await queue.store.accept { [delivery(now)] }
                queue.clock.advance(by: .seconds(1800))
            }
            // A worker was away; now all are decided at once.
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9)
            let decisions = waiting.map { delivery in
                var decision = queue.routed(delivery.target, [.sample(lane: Self.issue)])
                decision.loop = Self.watch()
                return decision
            }
            guard case .decided(let written) = try await queue.store.decide(decisions) else {
                throw Unexpected("stale")
            }
            #expect(written.map(\.reason) == [nil, nil, nil, nil])
        }
    }

    @Test(arguments: Backend.all)
    func `a job without a lane waits in the issue's, one of another lane parks that too`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs: [NewJob] = [
                .sample(route: "free"), .sample(route: "repo", lane: "default/repo:17"),
            ]
            for _ in 1...3 { _ = try await decide(queue, jobs) }
            let running = try await queue.claim().map(\.token)
            for token in running { try await queue.end(token, .done) }
            while case let more = try await queue.claim().map(\.token), !more.isEmpty {
                for token in more { try await queue.end(token, .done) }
            }
            let parked = try await decide(queue, jobs)
            #expect(try await queue.claim().isEmpty)
            let rows = try await [queue.row(parked.jobs[0]), queue.row(parked.jobs[1])]
            #expect(rows.map { $0["lane"] } == [.text(Self.issue), .text("default/repo:17")])
            #expect(
                try await queue.store.pauses().map(\.target)
                    == [.lane("default/repo:17"), .lane(Self.issue)]
            )
            // One resume is enough: the wider lane was paused for this issue alone.
            #expect(try await queue.store.resume(.lane(Self.issue)))
            #expect(try await queue.store.pauses().isEmpty)
            #expect(try await queue.claim().map(\.token.job) == parked.jobs)
        }
    }

    @Test(arguments: Backend.all)
    func `a wider lane goes on when the last issue for which it is paused does`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let other = "default/repo:17/issue:4"
            let (wide, free) = ("default/repo:17", "default/repo:17/ref:refs/heads/a")
            _ = try await queue.store.pause(.lane(free), reason: "by hand")
            for issue in [Self.issue, other] {
                for _ in 1...5 {
                    _ = try await decide(
                        queue,
                        [.sample(lane: wide), .sample(route: "b", lane: free)],
                        on: issue
                    )
                }
            }
            _ = try await queue.store.resume(.lane(Self.issue))
            #expect(
                try await queue.store.pauses().map(\.target)
                    == [.lane(wide), .lane(other), .lane(free)]
            )
            _ = try await queue.store.resume(.lane(other))
            // What people paused they resume.
            #expect(try await queue.store.pauses().map(\.target) == [.lane(free)])
            #expect(try await queue.store.pauses().map(\.reason) == ["by hand"])
        }
    }

    @Test(arguments: Backend.all)
    func `a lane that people paused is not parked, and nothing else waits for that`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let wide = "default/repo:17"
            let jobs: [NewJob] = [.sample(route: "free"), .sample(route: "repo", lane: wide)]
            _ = try await queue.store.pause(.lane(Self.issue), reason: "by hand")
            for _ in 1...3 { #expect(try await decide(queue, jobs).reason == nil) }
            #expect(try await queue.store.pauses().map(\.reason) == ["by hand"])
            #expect(try await queue.claim().count == 4)
            // One too many is, whatever else is paused; the reason of the person stays.
            #expect(try await decide(queue, jobs).reason == "parked: \(Self.reason)")
            let pauses = try await queue.store.pauses()
            #expect(pauses.map(\.target) == [.lane(wide), .lane(Self.issue)])
            #expect(pauses.map(\.reason) == [Self.reason, "by hand"])
            _ = try await queue.store.resume(.lane(Self.issue))
            #expect(try await queue.store.pauses().isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `whoever resumes the issue has it counted anew`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            for _ in 1...3 { #expect(try await decide(queue).reason == nil) }
            #expect(try await decide(queue).reason != nil)
            _ = try await queue.store.resume(.lane(Self.issue))
            for _ in 1...3 { #expect(try await decide(queue).reason == nil) }
            #expect(try await decide(queue).reason != nil)
        }
    }

    @Test(arguments: Backend.all)
    func `repeats count for nothing`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            for _ in 1...6 {
                let written = try await decide(queue, hash: "same")
                #expect(written.reason?.hasPrefix("parked") != true)
            }
            #expect(try await queue.store.pauses().isEmpty)
        }
    }

    @Test
    func `a pause that is deleted by hand counts anew as well`() async throws {
        try await withQueueAndShell { queue, shell in
            for _ in 1...4 { _ = try await decide(queue) }
            #expect(
                try shell.strings("SELECT kind, name, reason, jobs FROM paused")
                    == ["lane|\(Self.issue)|\(Self.reason)|4"]
            )
            try shell.run("DELETE FROM pause")
            #expect(try await decide(queue).reason == nil)
        }
    }
}

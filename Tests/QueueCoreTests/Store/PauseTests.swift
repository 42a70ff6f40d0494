import TestSupport
import Testing

@testable import QueueCore

@Suite
struct PauseTests {
    static let targets: [PauseTarget] = [
        .everything, .handler(HandlerName(rawValue: "h")), .route("route"), .lane("l"),
    ]

    @Test(arguments: Backend.all, targets)
    func `what is paused waits, and goes on when it is resumed`(
        backend: Backend,
        target: PauseTarget
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(lane: "l"), .sample(lane: "l"), .sample(lane: "l"),
            ])
            let running = try await queue.claim(1)[0].token
            #expect(try await queue.store.pause(target, reason: "deploying"))
            #expect(try await queue.claim().isEmpty)
            // What runs goes on, and ends as it would.
            let kept = try await queue.store.extend([running], worker: TestQueue.first)
            #expect(kept == Extension(lost: [], cancelRequested: []))
            #expect(try await queue.end(running, .retry(after: .zero)) == .written(.ready))
            #expect(try await queue.claim().isEmpty)
            #expect(try await queue.store.nextDue() == nil)

            #expect(try await queue.store.resume(target))
            let claimed = try await queue.claim().map(\.token.job)
            #expect(claimed == [jobs[0]])
        }
    }

    @Test(arguments: Backend.all)
    func `a pause is made once, keeps its first reason, and ends once`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue async throws in
            for target in Self.targets {
                let since = queue.clock.now
                #expect(try await queue.store.pause(target, reason: "first"))
                queue.clock.advance(by: .seconds(5))
                #expect(try await !queue.store.pause(target, reason: "second"))
                let pause = Pause(target: target, reason: "first", since: since)
                #expect(try await queue.store.pauses() == [pause])
                #expect(try await queue.store.resume(target))
                #expect(try await !queue.store.resume(target))
                #expect(try await queue.store.pauses().isEmpty)
            }
        }
    }

    @Test(arguments: Backend.all)
    func `pauses of a handler and of a route of one name are two`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let both: [PauseTarget] = [.handler(HandlerName(rawValue: "x")), .route("x")]
            for target in both { _ = try await queue.store.pause(target, reason: nil) }
            #expect(try await queue.store.pauses().map(\.target) == both)
            #expect(try await queue.store.resume(both[0]))
            #expect(try await queue.store.pauses().map(\.target) == [both[1]])
        }
    }

    @Test(arguments: Backend.all)
    func `other handlers and other routes go on`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(route: "a", handler: "h"), .sample(route: "b", handler: "h"),
                .sample(route: "a", handler: "i"), .sample(route: "b", handler: "i"),
            ])
            let all = ["h": 9, "i": 9]
            _ = try await queue.store.pause(.handler(HandlerName(rawValue: "h")), reason: nil)
            _ = try await queue.store.pause(.route("a"), reason: nil)
            #expect(try await queue.claim(9, all).map(\.token.job) == [jobs[3]])
            _ = try await queue.store.resume(.handler(HandlerName(rawValue: "h")))
            #expect(try await queue.claim(9, all).map(\.token.job) == [jobs[1]])
            _ = try await queue.store.resume(.route("a"))
            #expect(Set(try await queue.claim(9, all).map(\.token.job)) == [jobs[0], jobs[2]])
        }
    }

    @Test(arguments: Backend.all)
    func `a paused job holds its lane`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(route: "a", lane: "l"), .sample(route: "b", lane: "l"),
            ])
            _ = try await queue.store.pause(.route("a"), reason: nil)
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.cancel([jobs[0]])
            #expect(try await queue.claim().map(\.token.job) == [jobs[1]])
        }
    }

    @Test(arguments: Backend.all)
    func `a paused job that is not due yet is due at its time, and not before`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(60)))
            _ = try await queue.store.pause(.route("route"), reason: nil)
            queue.clock.advance(by: .seconds(59))
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.resume(.route("route"))
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.pause(.route("route"), reason: nil)
            queue.clock.advance(by: .seconds(1))
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.resume(.route("route"))
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }

    @Test(arguments: Backend.all)
    func `a paused lane holds its jobs and no others, however often it is asked`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.store.pause(.lane("a"), reason: "look first")
            let jobs = try await queue.add([
                .sample(lane: "a"), .sample(lane: "b"), .sample(), .sample(lane: "a"),
            ])
            #expect(Set(try await queue.claim().map(\.token.job)) == [jobs[1], jobs[2]])
            // Another pause comes and goes.
            _ = try await queue.store.pause(.route("route"), reason: nil)
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.resume(.route("route"))
            #expect(try await queue.claim().isEmpty)
            let situation = try #require(try await queue.store.situation(of: jobs[0]))
            #expect(situation.pauses.map(\.target) == [.lane("a")])
            // What is behind the head waits for it, paused or not.
            _ = try await queue.store.cancel([jobs[0]])
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.resume(.lane("a"))
            #expect(try await queue.claim().map(\.token.job) == [jobs[3]])
        }
    }

    @Test
    func `claims that find nothing in a paused lane write nothing`() async throws {
        try await withQueueAndShell { queue, shell in
            _ = try await queue.store.pause(.lane("a"), reason: nil)
            _ = try await queue.add([.sample(lane: "a"), .sample(lane: "a")])
            #expect(try await queue.claim().isEmpty)
            let before = try shell.strings("PRAGMA data_version")
            for _ in 1...3 { #expect(try await queue.claim().isEmpty) }
            #expect(try shell.strings("PRAGMA data_version") == before)
            #expect(try shell.strings("SELECT kind, name, jobs FROM paused") == ["lane|a|2"])
            #expect(
                try shell.strings("SELECT waits_for FROM waiting ORDER BY job")
                    == ["its lane is paused", "its lane, held by job 1"]
            )
        }
    }

    // MARK: Many

    @Test(arguments: Backend.all)
    func `a paused route with many jobs holds up no other of its handler and repository for long`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let count = Limits.parkedMost * 2 + 10
            _ = try await queue.add([NewJob](repeating: .sample(route: "paused"), count: count))
            let other = try await queue.add([.sample(route: "other")])
            _ = try await queue.store.pause(.route("paused"), reason: nil)
            var claimed: [JobID] = []
            for _ in 1...3 { claimed += try await queue.claim().map(\.token.job) }
            #expect(claimed == other)
            // From then on nobody steps over them again.
            let next = try await queue.add([.sample(route: "other")])
            #expect(try await queue.claim().map(\.token.job) == next)

            _ = try await queue.store.resume(.route("paused"))
            var resumed: Set<JobID> = []
            for _ in 1...4 {
                resumed.formUnion(try await queue.claim(9999, ["h": 9999]).map(\.token.job))
            }
            #expect(resumed.count == count)
        }
    }

    @Test(arguments: Backend.all)
    func `a paused route with many jobs holds up no other handler and no other repository`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let count = Limits.parkedMost + 10
            _ = try await queue.add(
                [NewJob](repeating: .sample(route: "paused", repo: "o/a"), count: count)
            )
            let others = try await queue.add([
                .sample(route: "other", repo: "o/b"), .sample(route: "other", handler: "i"),
            ])
            _ = try await queue.store.pause(.route("paused"), reason: nil)
            let claimed = try await queue.claim(9, ["h": 9, "i": 9]).map(\.token.job)
            #expect(Set(claimed) == Set(others))
        }
    }

    @Test
    func `a pause by hand is obeyed by the next claim, and its end as well`() async throws {
        try await withQueueAndShell { queue, shell in
            let job = try await queue.add([.sample(lane: "l")])[0]
            let rows = [
                "('everything', '')", "('handler', 'h')", "('route', 'route')", "('lane', 'l')",
            ]
            for row in rows {
                try shell.run("INSERT INTO pause (kind, name) VALUES \(row)")
                #expect(try await queue.claim().isEmpty)
                try shell.run("DELETE FROM pause")
            }
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }
}

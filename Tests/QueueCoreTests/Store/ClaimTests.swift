import QueueCore
import TestSupport
import Testing

@Suite
struct ClaimTests {
    @Test(arguments: Backend.all)
    func `a claimed job is leased, numbered, and told of its delivery`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add([.sample(with: #"{"a":1}"#, lane: "l")])[0]
            queue.clock.advance(by: .seconds(5))
            let claimed = try #require(try await queue.claim().first)
            #expect(claimed.token == AttemptToken(job: job, attempt: 1))
            #expect(claimed.route == "route")
            #expect(claimed.handler.rawValue == "h")
            #expect(claimed.with == #"{"a":1}"#)
            #expect(claimed.repo == "o/r")
            #expect(claimed.lane == "l")
            #expect(claimed.failures == 0)
            #expect(claimed.delivery.seq.rawValue == 1)
            #expect(claimed.delivery.id.rawValue == "delivery-1")
            #expect(claimed.delivery.source == "default")
            #expect(claimed.delivery.eventType == "push")
            #expect(claimed.delivery.contentType == "application/json")
            #expect(claimed.delivery.verifiedBy == "test")
            #expect(claimed.delivery.body == Delivery.push(1, id: "delivery-1").body)

            let row = try await queue.row(job)
            #expect(row["state"] == .text("leased"))
            #expect(row["attempt"] == .integer(1))
            #expect(row["worker"] == .text("w1"))
            let attempt = try #require(try await queue.attempts(job).first)
            #expect(attempt["number"] == .integer(1))
            #expect(attempt["worker"] == .text("w1"))
            #expect(attempt["started_at"] == .time(queue.clock.now))
            #expect(attempt["ended_at"] == .null)
            #expect(attempt["outcome"] == .null)
        }
    }

    @Test(arguments: Backend.all)
    func `each attempt has the next number`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for number: Int64 in 1...5 {
                let token = try await queue.claimOne()
                #expect(token == AttemptToken(job: job, attempt: number))
                let outcome: Outcome = number % 2 == 0 ? .released : .retry(after: .zero)
                try await queue.end(token, outcome)
            }
            #expect(try await queue.attempts(job).count == 5)
        }
    }

    @Test(arguments: Backend.all)
    func `only jobs that are due are claimed`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(60)))
            #expect(try await queue.store.nextDue() == queue.clock.now + .seconds(60))
            queue.clock.advance(by: .seconds(60) - .microseconds(1))
            #expect(try await queue.claim().isEmpty)
            queue.clock.advance(by: .microseconds(1))
            #expect(try await queue.claim().map(\.token.job) == [job])
            #expect(try await queue.store.nextDue() == nil)
        }
    }

    @Test(arguments: Backend.all)
    func `a job that is not due does not hide those of its group that are`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(60)))
            let second = try await queue.add()
            #expect(try await queue.claim().map(\.token.job) == [second])
        }
    }

    @Test(arguments: Backend.all)
    func `no more than the free slots are claimed`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add((0..<5).map { .sample(repo: "o/\($0 % 2)") })
            #expect(try await queue.claim(0).isEmpty)
            #expect(try await queue.claim(2).count == 2)
            #expect(try await queue.claim(99).count == 3)
            #expect(try await queue.claim(99).isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `a handler's limit holds over all workers`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add((0..<10).map { .sample(repo: "o/\($0)") })
            _ = try await queue.add([.sample(handler: "other")])
            let limits = ["h": 3, "other": 1]
            let first = try await queue.claim(2, ["h": 3])
            #expect(first.count == 2)
            let second = try await queue.claim(99, limits, by: TestQueue.second)
            #expect(second.map(\.handler.rawValue).sorted() == ["h", "other"])
            #expect(try await queue.claim(99, limits).isEmpty)
            // A limit that was lowered below what runs claims nothing, and kills nothing.
            #expect(try await queue.claim(99, ["h": 1]).isEmpty)
            try await queue.end(first[0].token, .done)
            #expect(try await queue.claim(99, limits, by: TestQueue.second).count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a worker gets only jobs of handlers it names`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add(handler: "unknown")
            let known = try await queue.add(handler: "h")
            #expect(try await queue.claim(99, ["h": 9, "another": 9]).map(\.token.job) == [known])
            #expect(try await queue.claim(99, [:]).isEmpty)
            #expect(try await queue.claim(99, ["unknown": 0]).isEmpty)
            #expect(try await queue.claim(99, ["unknown": 1]).count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `of one group the job that is due longest comes first, then the older one`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add((0..<4).map { _ in .sample() })
            let tokens = try await queue.claim().map(\.token)
            #expect(tokens.map(\.job) == jobs)
            for (token, delay) in zip(tokens, [30, 10, 20, 10]) {
                try await queue.end(token, .retry(after: .seconds(delay)))
            }
            queue.clock.advance(by: .seconds(60))
            let again = try await queue.claim().map(\.token.job)
            #expect(again == [jobs[1], jobs[3], jobs[2], jobs[0]])
        }
    }

    @Test(arguments: Backend.all)
    func `a burst in one repository does not keep another's job waiting`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add((0..<1000).map { _ in .sample(repo: "o/burst") })
            let single = try await queue.add(repo: "o/single")
            #expect(try await queue.claim(2).map(\.token.job).contains(single))
        }
    }

    @Test(arguments: Backend.all)
    func `repositories are served in turn, also over many claims of one slot`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = ["o/a", "o/b", "o/c"].flatMap { repo in
                (0..<3).map { _ in NewJob.sample(repo: repo) }
            }
            _ = try await queue.add(jobs)
            var repos: [String] = []
            for _ in 0..<9 {
                let claimed = try #require(try await queue.claim(1).first)
                repos.append(claimed.repo)
                try await queue.end(claimed.token, .done)
            }
            #expect(repos == ["o/a", "o/b", "o/c", "o/a", "o/b", "o/c", "o/a", "o/b", "o/c"])
        }
    }

    @Test(arguments: Backend.all)
    func `handlers are served in turn as well`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = ["a", "b"].flatMap { handler in
                (0..<4).map { _ in NewJob.sample(handler: handler) }
            }
            _ = try await queue.add(jobs)
            let claimed = try await queue.claim(4, ["a": 9, "b": 9])
            #expect(claimed.map(\.handler.rawValue) == ["a", "b", "a", "b"])
        }
    }

    @Test(arguments: Backend.all)
    func `two workers that claim at once never get the same job`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add((0..<60).map { .sample(repo: "o/\($0 % 3)") })
            let other = try queue.reopen(queue.clock)
            let handler = HandlerName(rawValue: "h")
            let request = ClaimRequest(slots: 1, concurrency: [handler: 1000])
            let workers = [(queue.store, TestQueue.first), (other, TestQueue.second)]
            let jobs = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for (store, worker) in workers {
                    group.addTask {
                        var jobs: [JobID] = []
                        while true {
                            let claimed = try await store.exchange(
                                [],
                                for: request,
                                worker: worker
                            ).claimed
                            if claimed.isEmpty { return jobs }
                            jobs += claimed.map(\.token.job)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(jobs.count == 60)
            #expect(Set(jobs).count == 60)
        }
    }

    @Test(arguments: Backend.all)
    func `what ended makes room for the claim of the same exchange`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            let token = try await queue.claimOne()
            let end = AttemptEnd(token: token, outcome: .done, endedAt: queue.clock.now)
            let (ends, claimed) = try await queue.exchange([end], 9, ["h": 1])
            #expect(ends == [.written(.done)])
            #expect(claimed.map(\.token.job) == [jobs[1]])
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that is not registered claims nothing`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            #expect(try await queue.claim(by: WorkerID(rawValue: "stranger")).isEmpty)
            #expect(try await queue.state(job) == .ready)
        }
    }
}

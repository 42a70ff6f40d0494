import QueueCore
import TestSupport
import Testing

@Suite
struct FairnessTests {
    @Test(arguments: Backend.all, ["o/a", "o/z", ""])
    func `a burst of ten thousand delays another repository by one claim at most`(
        backend: Backend,
        repo: String
    ) async throws {
        try await backend.withQueue { queue in
            for _ in 1...10 {
                _ = try await queue.add([NewJob](repeating: .sample(repo: "o/m"), count: 1000))
            }
            // The burst is being worked off when the single one comes.
            var running = try await queue.claim(1)[0].token
            let single = try await queue.add(repo: repo)
            var claimed: [JobID] = []
            for _ in 1...2 {
                let end = AttemptEnd(token: running, outcome: .done, endedAt: queue.clock.now)
                running = try await queue.exchange([end], 1).claimed[0].token
                claimed.append(running.job)
            }
            #expect(claimed.contains(single))
        }
    }

    @Test(arguments: Backend.all)
    func `a repository without a name has its turn like the others`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add((0..<12).map { .sample(repo: ["", "o/a", "o/b"][$0 % 3]) })
            var turns: [String: Int] = [:]
            for _ in 1...6 {
                let claimed = try await queue.claim(1)[0]
                turns[claimed.repo, default: 0] += 1
                try await queue.end(claimed.token, .done)
            }
            #expect(turns == ["": 2, "o/a": 2, "o/b": 2])
        }
    }

    @Test(arguments: Backend.all)
    func `handlers are served in turn, also over many claims of one slot`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let handlers = ["a", "b", "c"]
            _ = try await queue.add(
                handlers.flatMap { [NewJob](repeating: .sample(handler: $0), count: 5) }
            )
            let limits = ["a": 9, "b": 9, "c": 9]
            var turns: [String: Int] = [:]
            for _ in 1...9 {
                let claimed = try await queue.claim(1, limits)[0]
                turns[claimed.handler.rawValue, default: 0] += 1
                try await queue.end(claimed.token, .done)
            }
            #expect(turns == ["a": 3, "b": 3, "c": 3])
        }
    }

    @Test(arguments: Backend.all)
    func `a handler at its limit leaves its slots to the others`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = ["a", "b"].flatMap { [NewJob](repeating: .sample(handler: $0), count: 6) }
            _ = try await queue.add(jobs)
            let claimed = try await queue.claim(6, ["a": 1, "b": 99]).map(\.handler.rawValue)
            #expect(claimed.sorted() == ["a", "b", "b", "b", "b", "b"])
        }
    }

    @Test(arguments: Backend.all)
    func `a repository whose jobs wait for their lane takes no turn from the others`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add([NewJob](repeating: .sample(repo: "o/a", lane: "l"), count: 50))
            let others = try await queue.add([NewJob](repeating: .sample(repo: "o/b"), count: 5))
            #expect(try await queue.claim(1).count == 1)
            #expect(try await queue.claim(5).map(\.token.job) == others)
        }
    }

    @Test(arguments: Backend.all)
    func `limits hold over three workers that claim and end in turn`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let third = WorkerID(rawValue: "w3")
            try await queue.register(third)
            _ = try await queue.add((0..<40).map { .sample(repo: "o/\($0 % 7)") })
            let workers = [TestQueue.first, TestQueue.second, third]
            var running: [(AttemptToken, WorkerID)] = []
            var done = 0
            while done < 40 {
                for worker in workers {
                    running += try await queue.claim(2, ["h": 4], by: worker)
                        .map { ($0.token, worker) }
                    #expect(running.count <= 4)
                }
                #expect(running.count == min(4, 40 - done))
                let (token, worker) = running.removeFirst()
                let end = AttemptEnd(token: token, outcome: .done, endedAt: queue.clock.now)
                #expect(try await queue.exchange([end], 0, by: worker).ends == [.written(.done)])
                done += 1
            }
        }
    }
}

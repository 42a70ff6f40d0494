import GiteaClient
import TestSupport
import Testing

@Suite
struct TroubleTests {
    private func version(_ trial: Trial) async -> GiteaError? {
        await trial.failure { client throws(GiteaError) in try await client.version() }
    }

    // MARK: Asking again

    @Test(arguments: [500, 502, 503, 504, 429, 408])
    func `a read is asked again after trouble`(status: Int) async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { $0.troubles = [.status(status), .status(status)] }
            #expect(try await trial.client.version().version == "1.26.3")
            #expect(trial.gitea.calls.count == 3)
        }
    }

    @Test
    func `trouble that stays is told after three tries`() async throws {
        let page = "<html>Bad Gateway</html>"
        try await Trial.with({ $0.lastingTrouble = .status(502, body: page) }) {
            trial async throws in
            #expect(await version(trial) == .server(status: 502, message: ""))
            #expect(trial.gitea.calls.count == 3)
            #expect(trial.log.lines.count { $0.contains("gitea is asked again") } == 2)
        }
    }

    @Test
    func `a short Retry-After is waited for, a long one is told`() async throws {
        try await Trial.with(delayLongest: .seconds(2)) { trial async throws in
            trial.gitea.change { $0.troubles = [.status(429, headers: ["Retry-After": "1"])] }
            let start = ContinuousClock.now
            _ = try await trial.client.version()
            #expect(start.duration(to: .now) >= .seconds(1))
            trial.gitea.change { $0.troubles = [.status(429, headers: ["Retry-After": "3600"])] }
            #expect(await version(trial) == .rateLimited(retryAfter: .seconds(3600)))
            #expect(trial.gitea.calls.count == 3)
        }
    }

    @Test(arguments: ["soon", "-1", "", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"])
    func `an odd Retry-After does no harm`(value: String) async throws {
        try await Trial.with { trial async throws in
            trial.gitea.change { $0.lastingTrouble = .status(429, headers: ["Retry-After": value]) }
            guard case .rateLimited? = await version(trial) else {
                Issue.record("not rate limited")
                return
            }
        }
    }

    @Test(arguments: [400, 401, 403, 404, 409, 412, 422, 423])
    func `what is wrong with the question is not asked again`(status: Int) async throws {
        let body = #"{"message":"no\nway","url":""}"#
        try await Trial.with({ $0.lastingTrouble = .status(status, body: body) }) {
            trial async throws in
            let failure = await version(trial)
            let expected: GiteaError =
                switch status {
                case 401: .unauthorized
                case 403: .forbidden(message: "no way")
                case 404: .notFound(message: "no way")
                default: .refused(status: status, message: "no way")
                }
            #expect(failure == expected)
            #expect(trial.gitea.calls.count == 1)
        }
    }

    // MARK: Writes

    private func write(_ trouble: FakeGitea.Trouble) async throws -> (GiteaError?, posts: Int) {
        try await Trial.with(timeout: .seconds(10)) { trial async throws in
            trial.gitea.change { world in
                world.troubles = [
                    .status(200, body: #"{"id":17,"full_name":"tea/kettle-17"}"#), trouble,
                ]
            }
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.createComment("Hi", repository: 17, issue: 1)
            }
            return (failure, trial.gitea.calls.count { $0.hasPrefix("POST") })
        }
    }

    @Test
    func `a write that may have been done is not sent again`() async throws {
        #expect(try await write(.status(502)) == (.server(status: 502, message: ""), 1))
        #expect(try await write(.silence) == (.timeout(after: .seconds(10)), 1))
        let (broken, posts) = try await write(.brokenOff)
        #expect(posts == 1)
        guard case .interrupted? = broken else {
            Issue.record("\(String(describing: broken))")
            return
        }
    }

    @Test
    func `a write that was surely not done is sent again`() async throws {
        #expect(try await write(.status(429)) == (nil, 2))
    }

    // MARK: No answer

    @Test
    func `a server that is not there is out of reach, and asked again`() async throws {
        try await Trial.with(isListening: false) { trial async throws in
            let failure = await version(trial)
            guard case .unreachable(let reason)? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(reason.hasPrefix("connection refused: 127.0.0.1:"))
            #expect(trial.log.lines.count == 2)
        }
    }

    @Test
    func `a server that hangs is left after the timeout`() async throws {
        try await Trial.with(timeout: .seconds(2), { $0.lastingTrouble = .silence }) {
            trial async throws in
            #expect(await version(trial) == .timeout(after: .seconds(2)))
            // The server may not have seen all three tries.
            #expect(trial.log.lines.count { $0.contains("gitea is asked again") } == 2)
        }
    }

    @Test
    func `an answer that breaks off is asked for again`() async throws {
        try await Trial.with({ $0.troubles = [.brokenOff] }) { trial async throws in
            #expect(try await trial.client.version().version == "1.26.3")
            #expect(trial.gitea.calls.count == 2)
        }
    }

    @Test
    func `an answer without end is not read on`() async throws {
        let long = String(repeating: " ", count: (8 << 20) + 1)
        try await Trial.with({ $0.lastingTrouble = .status(200, body: long) }) {
            trial async throws in
            #expect(await version(trial) == .tooLarge(limit: "8 MiB"))
            #expect(trial.gitea.calls.count == 1)
        }
        try await Trial.with({ $0.lastingTrouble = .status(404, body: long) }) {
            trial async throws in
            let reason = "status 404 without the JSON of Gitea's errors"
            #expect(await version(trial) == .malformed(reason: reason))
        }
    }

    @Test(arguments: [403, 404])
    func `who may not, and what is not there, only Gitea's own error says`(
        status: Int
    )
        async throws
    {
        let others = [
            "404 page not found\n", "", "<html>", "null", "[]", "{}", #""no""#,
            #"{"message":null}"#, #"{"message":1}"#, #"{"error":"no"}"#,
        ]
        for body in others {
            try await Trial.with({ $0.lastingTrouble = .status(status, body: body) }) {
                trial async throws in
                let reason = "status \(status) without the JSON of Gitea's errors"
                #expect(await version(trial) == .malformed(reason: reason), "\(body)")
            }
        }
        let own = #"{"message":"","url":"http://gitea/api/swagger","errors":null}"#
        try await Trial.with({ $0.lastingTrouble = .status(status, body: own) }) {
            trial async throws in
            let expected: GiteaError =
                status == 403 ? .forbidden(message: "") : .notFound(message: "")
            #expect(await version(trial) == expected)
        }
    }

    @Test(arguments: ["", "null", "[]", "{}", #"{"version":1}"#, "<html>", "\u{0}"])
    func `an answer that is not Gitea's is malformed`(body: String) async throws {
        try await Trial.with({ $0.lastingTrouble = .status(200, body: body) }) {
            trial async throws in
            guard case .malformed? = await version(trial) else {
                Issue.record("not malformed")
                return
            }
        }
    }

    @Test
    func `another repository than the one asked for is malformed`() async throws {
        let other = #"{"id":18,"full_name":"a/b"}"#
        try await Trial.with({ $0.lastingTrouble = .status(200, body: other) }) {
            trial async throws in
            let failure = await trial.failure { client throws(GiteaError) in
                try await client.repository(17)
            }
            #expect(failure == .malformed(reason: "it is not repository 17"))
        }
    }

    @Test
    func `who is cancelled ends at once`() async throws {
        try await Trial.with({ $0.lastingTrouble = .silence }) { trial async throws in
            let question = Task { await version(trial) }
            try await withTaskExecutorPreference(BlockingThreads.shared) {
                try waitUntil("the question to arrive") { !trial.gitea.calls.isEmpty }
            }
            question.cancel()
            #expect(await question.value == .cancelled)
        }
    }

    @Test
    func `no more are asked at once than the configuration allows`() async throws {
        try await Trial.with(concurrency: 2, { $0.lastingTrouble = .silence }) {
            trial async throws in
            let questions = (0..<6).map { _ in Task { await version(trial) } }
            try await withTaskExecutorPreference(BlockingThreads.shared) {
                try waitUntil("two questions to arrive") { trial.gitea.calls.count == 2 }
            }
            // Those that wait go first: they have no connection to end.
            for question in questions.reversed() { question.cancel() }
            for question in questions { #expect(await question.value == .cancelled) }
            #expect(trial.gitea.calls.count <= 4)
            trial.gitea.change { $0.lastingTrouble = nil }
            #expect(try await trial.client.version().version == "1.26.3")
        }
    }
}

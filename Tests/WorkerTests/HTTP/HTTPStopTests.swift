import Foundation
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Worker

/// Requests that are given up, and handlers that are.
@Suite(.timeLimit(.minutes(10)))
struct HTTPStopTests {
    // MARK: Stopping

    @Test
    func `a server that never answers is given up after the timeout`() async throws {
        let end = try await HTTPTrial.runOne(timeout: .milliseconds(200)) { _ in .silence }
        #expect(end.outcome == Outcome.later)
        #expect(end.error == "timed out after 200 ms")
        #expect(end.httpStatus == nil)
    }

    @Test
    func `a head that never ends is given up after the timeout`() async throws {
        let end = try await HTTPTrial.runOne(timeout: .milliseconds(200)) { _ in
            .send("HTTP/1.1 200 OK\r\nX-Slow: ")
        }
        #expect(end.outcome == Outcome.later)
    }

    @Test(arguments: [(200, Outcome.done), (500, .later)])
    func `a body that never ends is given up after the timeout, and the status counts`(
        status: Int,
        outcome: Outcome
    ) async throws {
        // On a loaded machine the head, too, may come after the timeout: then with a longer one.
        for milliseconds in [200, 1_000, 5_000, 25_000] {
            let end = try await HTTPTrial.runOne(timeout: .milliseconds(milliseconds)) { _ in
                .send("HTTP/1.1 \(status) X\r\nContent-Length: 100\r\n\r\nhalf")
            }
            guard end.httpStatus != nil else { continue }
            #expect(end.outcome == outcome)
            #expect(end.httpStatus == status)
            #expect(end.outputText?.hasPrefix("half") == true)
            return
        }
        Issue.record("the head never came in time")
    }

    static let stops: [(StopReason, Outcome)] = [
        (.cancelled, .cancelled(reason: "cancelled by an operator")), (.shutdown, .released),
        (.leaseLost, .released),
    ]

    @Test(arguments: stops)
    func `an order to stop ends a request at once`(
        reason: StopReason,
        outcome: Outcome
    ) async throws {
        let job = try await ClaimedJob.sample()
        try await TestServer.with { _ in
            .silence
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                let running = trial.start(job)
                try await trial.awaitUntil("the request") { !server.requests.isEmpty }
                running.control?.stop(reason, kill: false)
                running.control?.stop(.timedOut, kill: true)
                let end = try await trial.nextEnds(1)[0]
                #expect(end.outcome == outcome)
                #expect(end.token == job.token)
            }
        }
    }

    @Test
    func `a request is not sent when the lease is over, and is when it was renewed`() async throws {
        let job = try await ClaimedJob.sample()
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                trial.clock.advance(by: Limits.lease)
                let end = try await trial.run(job)
                #expect(end.outcome == .released)
                #expect(end.error == "the lease was lost")
                #expect(server.requests.isEmpty)

                let lease = LeaseTime(until: job.leaseUntil, clocks: trial.clock.clocks)
                lease.renew(until: job.leaseUntil + .seconds(1))
                _ = trial.runner.start(job, lease)
                #expect(try await trial.nextEnds(1)[0].outcome == .done)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test
    func `an order that comes before the request is sent counts`() async throws {
        let job = try await ClaimedJob.sample()
        try await TestServer.with { _ in
            .silence
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                for _ in 1...50 {
                    trial.start(job).control?.stop(.cancelled, kill: false)
                }
                let ends = try await trial.nextEnds(50)
                let cancelled = Outcome.cancelled(reason: "cancelled by an operator")
                #expect(ends.allSatisfy { $0.outcome == cancelled })
            }
        }
    }

    // MARK: Breaker

    @Test
    func `five refused connections open the breaker, and a response closes it`() async throws {
        let url = try await TestServer.with { _ in
            .status(200)
        } _: {
            $0.url
        }
        let name = HandlerName(rawValue: HTTPTrial.handler)
        try await HTTPTrial.with(HTTPSettings(url: url)) { trial in
            let breakers = trial.runner.breakers
            for _ in 1...4 { _ = try await trial.run() }
            #expect(breakers.limit(of: name, concurrency: 5) == 5)
            let end = try await trial.run()
            // The attempt that opens it is one like the others.
            #expect(end.outcome == Outcome.waits)
            #expect(breakers.limit(of: name, concurrency: 5) == 0)
            #expect(breakers.json.contains("connection refused"))
            #expect(!breakers.json.contains("in-the-query"))
            #expect(trial.log.lines.count == 1)
        }
    }

    @Test
    func `timeouts before a response open it, any status does not`() async throws {
        let job = try await ClaimedJob.sample()
        let name = HandlerName(rawValue: HTTPTrial.handler)
        try await TestServer.with { _ in
            .silence
        } _: { server in
            let settings = HTTPSettings(url: server.url)
            try await HTTPTrial.with(settings, timeout: .milliseconds(50)) { trial in
                for _ in 1...5 { _ = trial.start(job) }
                _ = try await trial.nextEnds(5)
                #expect(trial.runner.breakers.limit(of: name, concurrency: 5) == 0)
            }
        }
        try await TestServer.with { _ in
            .status(503)
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                for _ in 1...10 { _ = try await trial.run() }
                #expect(trial.runner.breakers.limit(of: name, concurrency: 5) == 5)
                #expect(trial.log.lines.isEmpty)
            }
        }
    }

    @Test
    func `a probe that is not answered costs no failure, the attempts before it do`()
        async throws
    {
        let job = try await ClaimedJob.sample()
        try await TestServer.with { _ in
            .silence
        } _: { server in
            let settings = HTTPSettings(url: server.url)
            try await HTTPTrial.with(settings, timeout: .milliseconds(50)) { trial in
                for _ in 1...5 { _ = trial.start(job) }
                let failed = try await trial.nextEnds(5)
                trial.clock.advance(by: Breaker.pauseShortest)
                let probe = try await trial.run(job)
                #expect(probe.outcome == Outcome.waits)
                #expect(probe.error == "timed out after 50 ms")
                // Where all is slow, one may have had no time to connect.
                #expect(failed.contains { $0.outcome == Outcome.later })
            }
        }
    }

    // MARK: Secrets

    @Test
    func `no secret gets into errors, logs or what is shown`() async throws {
        let secrets = ["b3arer-t0ken", "s1gning-k3y-of-this-test", "in-the-query", "h3ader-value"]
        let url = try await TestServer.with { _ in
            .status(200)
        } _: {
            $0.url
        }
        let settings = HTTPSettings(
            url: url,
            headers: [HTTPHeader(name: "X-Key", value: secrets[3])],
            bearer: HandlerSecret(file: "/f", bytes: Array(secrets[0].utf8)),
            signingKey: HandlerSecret(file: "/k", bytes: Array(secrets[1].utf8))
        )
        try await HTTPTrial.with(settings) { trial in
            var texts: [String] = []
            for _ in 1...5 { texts.append("\(try await trial.run())") }
            texts += trial.log.lines + [trial.runner.breakers.json]
            for text in texts {
                for secret in secrets { #expect(!text.contains(secret)) }
            }
        }
        let bytes = "\([UInt8](secrets[0].utf8))".dropFirst().dropLast()
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", dumped] {
            #expect(!text.contains(bytes) && !text.contains(secrets[0]))
        }
    }
}

import Foundation
import QueueCore
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// Servers that do not behave.
@Suite(.timeLimit(.minutes(10)))
struct HTTPConnectionTests {
    @Test
    func `one job after another uses the connection that is there`() async throws {
        try await TestServer.with { _ in
            .status(200, body: "ok")
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                for _ in 1...5 {
                    let end = try await trial.run()
                    #expect(end.outcome == .done)
                }
            }
            #expect(server.requests.count == 5)
            // One, unless so much time passes on a busy machine that it is given up as idle.
            #expect(server.connections < server.requests.count)
        }
    }

    @Test
    func `many jobs at once do not wait for each other`() async throws {
        let count = 200
        let job = try await ClaimedJob.sample()
        try await TestServer.with { _ in
            .silence
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                let running = (1...count).map { _ in trial.start(job) }
                // None is answered, so all of them must be there at the same time.
                try await trial.awaitUntil("all requests") { server.requests.count == count }
                for attempt in running { attempt.control?.stop(.shutdown, kill: false) }
                let ends = try await trial.nextEnds(count)
                #expect(ends.allSatisfy { $0.outcome == .released })
            }
        }
    }

    @Test
    func `a port where nobody listens is tried again, and costs no failure`() async throws {
        let url = try await TestServer.with { _ in
            .status(200)
        } _: {
            $0.url
        }
        try await HTTPTrial.with(HTTPSettings(url: url)) { trial in
            let end = try await trial.run()
            #expect(end.outcome == Outcome.waits)
            #expect(end.httpStatus == nil)
            #expect(end.error?.hasPrefix("connection refused: 127.0.0.1:") == true)
            #expect(end.error?.contains("key") == false)
        }
    }

    @Test
    func `a name that does not exist is tried again, and costs no failure`() async throws {
        let url = "http://no-such-host.invalid:8080/"
        try await HTTPTrial.with(HTTPSettings(url: url)) { trial in
            let end = try await trial.run()
            #expect(end.outcome == Outcome.waits)
            #expect(
                end.error == "the host's name cannot be resolved: no-such-host.invalid:8080"
            )
        }
    }

    static let breaks: [(String, String)] = [
        ("", "closed before a response"), ("HTTP/1.1 20", "closed before a response"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "closed before a response"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "what came is no HTTP response"),
        ("HTTP/1.1 abc OK\r\n\r\n", "what came is no HTTP response"),
        ("\u{0}\u{1}\u{2}\u{3}\r\n\r\n", "what came is no HTTP response"),
    ]

    @Test(arguments: breaks)
    func `a connection that breaks before the head is tried again`(
        sent: String,
        error: String
    ) async throws {
        let end = try await HTTPTrial.runOne { _ in .sendAndClose(sent) }
        #expect(end.outcome == Outcome.later)
        #expect(end.httpStatus == nil)
        #expect(end.error?.hasPrefix("\(error): 127.0.0.1:") == true, "\(end.error ?? "")")
    }

    @Test(arguments: [(200, Outcome.done), (404, .dead(reason: "HTTP 404")), (503, .later)])
    func `a body that breaks off changes nothing`(status: Int, outcome: Outcome) async throws {
        let end = try await HTTPTrial.runOne { _ in
            .sendAndClose("HTTP/1.1 \(status) X\r\nContent-Length: 100\r\n\r\nhalf")
        }
        #expect(end.outcome == outcome)
        #expect(end.httpStatus == status)
        #expect(end.outputText == "half\n[samovar: the response broke off]\n")
    }

    @Test
    func `a body without end is read up to a limit`() async throws {
        let end = try await HTTPTrial.runOne { _ in .flood("HTTP/1.1 200 OK\r\n\r\nbegin") }
        #expect(end.outcome == .done)
        let output = try #require(end.output)
        #expect(output.kept.count < 66_000)
        #expect(output.bytes >= 1 << 20)
        #expect(output.bytes < 8 << 20)
        #expect(output.kept.starts(with: Data("beginxxx".utf8)))
        #expect(end.outputText?.hasSuffix("x\n[samovar: not read on]\n") == true)
    }

    @Test(arguments: [(200, Outcome.done), (500, .later)])
    func `a body that goes on and on does not hold its slot`(
        status: Int,
        outcome: Outcome
    ) async throws {
        let start = ContinuousClock.now
        let end = try await HTTPTrial.runOne { _ in
            .send("HTTP/1.1 \(status) X\r\nContent-Length: 100\r\n\r\nhalf")
        }
        #expect(end.outcome == outcome)
        #expect(end.httpStatus == status)
        #expect(end.outputText == "half\n[samovar: not read on]\n")
        // Long before the handler's own timeout.
        #expect(start.duration(to: .now) < patience / 2)
    }

    @Test
    func `a large body arrives as it was sent`() async throws {
        let payload = String(repeating: "0123456789abcdef", count: 64 << 10)
        let job = try await ClaimedJob.sample(with: #"{"text":"\#(payload)"}"#)
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                let outcome = try await trial.run(job).outcome
                #expect(outcome == .done)
            }
            let request = try #require(server.requests.first)
            #expect(request.body == Envelope.json(job, payload: HandlerPayload(of: job)))
            #expect(request.values("Content-Length") == ["\(request.body.count)"])
            #expect(request.values("Transfer-Encoding").isEmpty)
        }
    }

    @Test
    func `what holds a job for as long as it runs holds no body`() async throws {
        let job = try await ClaimedJob.sample()
        #expect(job.delivery.body != nil)
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                let running = trial.start(job)
                #expect(running.job.token == job.token)
                #expect(running.job.delivery.body == nil)
                // It is sent all the same.
                let outcome = try await trial.nextEnds(1)[0].outcome
                #expect(outcome == .done)
            }
            let sent = try #require(server.requests.first).body
            #expect(sent == Envelope.json(job, payload: HandlerPayload(of: job)))
        }
    }

    // MARK: Connections that were kept

    /// The ends of two jobs, one after the other, at a server that answers the first and then does
    /// as it is told; and what it received.
    private func runTwo(
        _ later: @escaping @Sendable (Int) -> TestServer.Answer
    ) async throws -> (ends: [AttemptEnd], requests: [TestServer.Request]) {
        let count = Mutex(0)
        return try await TestServer.with { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 1 ? .status(200) : later(number)
        } _: { server in
            let ends = try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                [try await trial.run(), try await trial.run()]
            }
            return (ends, server.requests)
        }
    }

    @Test
    func `a kept connection that the server closed is tried once more, and costs nothing`()
        async throws
    {
        let (ends, requests) = try await runTwo { $0 == 2 ? .sendAndClose("") : .status(200) }
        #expect(ends.map(\.outcome) == [.done, .done])
        #expect(requests.count == 3)
        // The receiver can tell that it is the same one.
        for name in ["Idempotency-Key", "X-Samovar-Token"] {
            #expect(requests.last?.values(name) == requests.dropLast().last?.values(name))
            #expect(requests.last?.values(name).count == 1)
        }
    }

    @Test
    func `it is tried once more, and not again and again`() async throws {
        let (ends, requests) = try await runTwo { _ in .sendAndClose("") }
        #expect(ends.map(\.outcome) == [.done, .later])
        #expect(requests.count == 3)
    }

    @Test
    func `a request of which some answer came is not sent twice`() async throws {
        let (ends, requests) = try await runTwo { _ in .sendAndClose("HTTP/1.1 20") }
        #expect(ends.map(\.outcome) == [.done, .later])
        #expect(requests.count == 2)
    }
}

import Foundation
import QueueCore
import Settings
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
    func `a port where nobody listens is tried again`() async throws {
        let url = try await TestServer.with { _ in
            .status(200)
        } _: {
            $0.url
        }
        try await HTTPTrial.with(HTTPSettings(url: url)) { trial in
            let end = try await trial.run()
            #expect(end.outcome == Outcome.later)
            #expect(end.httpStatus == nil)
            #expect(end.error?.hasPrefix("connection refused: 127.0.0.1:") == true)
            #expect(end.error?.contains("key") == false)
        }
    }

    @Test
    func `a name that does not exist is tried again`() async throws {
        let url = "http://no-such-host.invalid:8080/"
        try await HTTPTrial.with(HTTPSettings(url: url)) { trial in
            let end = try await trial.run()
            #expect(end.outcome == Outcome.later)
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
}

import Foundation
import QueueCore
import Settings
import TestSupport
import Testing

@testable import Worker

/// Real requests to a real server.
@Suite(.timeLimit(.minutes(10)))
struct HTTPRunnerTests {
    // MARK: Responses

    @Test(arguments: [200, 201, 202, 299])
    func `a 2xx is done, and its body is kept`(status: Int) async throws {
        let end = try await HTTPTrial.runOne { _ in .status(status, body: #"{"ok":true}"#) }
        #expect(end.outcome == .done)
        #expect(end.httpStatus == status)
        #expect(end.error == nil)
        #expect(end.outputText == #"{"ok":true}"#)
    }

    @Test
    func `a 204 has no body`() async throws {
        let end = try await HTTPTrial.runOne { _ in .send("HTTP/1.1 204 No Content\r\n\r\n") }
        #expect(end.outcome == .done)
        #expect(end.httpStatus == 204)
        #expect(end.output == nil)
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 599])
    func `what may pass is tried again`(status: Int) async throws {
        let end = try await HTTPTrial.runOne { _ in .status(status, body: "later") }
        #expect(end.outcome == Outcome.later)
        #expect(end.httpStatus == status)
        #expect(end.error == "HTTP \(status)")
        #expect(end.outputText == "later")
    }

    @Test(arguments: [400, 401, 403, 404, 409, 410, 413, 422])
    func `what will be as wrong the next time is dead`(status: Int) async throws {
        let end = try await HTTPTrial.runOne { _ in .status(status, body: "no") }
        #expect(end.outcome == .dead(reason: "HTTP \(status)"))
        #expect(end.httpStatus == status)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is not followed`(status: Int) async throws {
        try await TestServer.with { _ in
            .status(status, headers: ["Location: /elsewhere"])
        } _: { server in
            try await HTTPTrial.with(HTTPSettings(url: server.url)) { trial in
                let end = try await trial.run()
                let reason = "HTTP \(status): redirects are not followed"
                #expect(end.outcome == .dead(reason: reason))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: ["600", "Mon, 21 Sep 2026 14:23:20 GMT"])
    func `Retry-After is heard in both forms`(value: String) async throws {
        let end = try await HTTPTrial.runOne { _ in .status(429, headers: ["Retry-After: \(value)"])
        }
        #expect(end.outcome == .retry(after: .seconds(600)))
    }

    @Test
    func `an interim response is not the response`() async throws {
        let end = try await HTTPTrial.runOne { _ in
            .send("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        #expect(end.outcome == .done)
        #expect(end.httpStatus == 200)
    }

    // MARK: The request

    @Test
    func `the request is a POST with all its headers and the whole body`() async throws {
        let payload = #"{"text":"\#(String(repeating: "ü", count: 300_000))"}"#
        var job = try await ClaimedJob.sample()
        job.delivery.body = Data(payload.utf8)
        let sent = job
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            let settings = HTTPSettings(
                url: server.url,
                headers: [HTTPHeader(name: "X-Team", value: "tea")]
            )
            try await HTTPTrial.with(settings) { trial in
                let end = try await trial.run(sent)
                #expect(end.outcome == .done)
            }
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /hook?key=in-the-query HTTP/1.1")
            #expect(request.values("X-Team") == ["tea"])
            #expect(request.values("Host") == ["127.0.0.1:\(server.port)"])
            #expect(request.values("Idempotency-Key") == ["store-1-1"])
            #expect(request.values("Content-Length") == ["\(request.body.count)"])
            #expect(request.values("Transfer-Encoding") == [])
            #expect(request.body == Envelope.json(sent, payload: HandlerPayload(of: sent)))
        }
    }

    @Test
    func `a body that cannot be made is never sent`() async throws {
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            let settings = HTTPSettings(
                url: server.url,
                template: TemplateSettings(text: "{{payload.nothing}}")
            )
            try await HTTPTrial.with(settings) { trial in
                let end = try await trial.run()
                #expect(
                    end.outcome
                        == .dead(
                            reason: "what the template makes is no JSON: "
                                + "line 1, column 1: the text ends too early"
                        )
                )
                #expect(end.httpStatus == nil)
                #expect(server.connections == 0)
            }
        }
    }
}

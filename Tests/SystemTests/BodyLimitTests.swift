import GRDB
import Foundation
import Spawn
import TestSupport
import Testing

/// Bodies over `ingress.max_body`, and what `Expect: 100-continue` saves a client from.
@Suite
struct BodyLimitTests {
    private static let limit = 64 << 10

    private let settings = SiteSettings(ingress: ["max_body: 64KiB"])

    private func request(bytes: Int) -> Request {
        let push = Request.push()
        return Request(body: push + Data(repeating: 0x20, count: bytes - push.count))
    }

    @Test
    func `a body of exactly the limit is accepted, one byte more is 413`() async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            #expect(try ingress.send(request(bytes: Self.limit)).status == 202)
            #expect(try ingress.send(request(bytes: Self.limit + 1)).status == 413)
            #expect(try site.deliveries == 1)
        }
    }

    @Test
    func `a client that sends twice the limit still reads its 413`() async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let reply = try ingress.send(request(bytes: 2 * Self.limit))
            #expect(reply.status == 413)
            #expect(reply.headers["connection"] == "close")
        }
    }

    @Test
    func `a declared length over the limit is answered before the body comes`() async throws {
        try await Site.with(settings) { site in
            let connection = try site.startIngress().connect()
            try connection.send(request(bytes: Self.limit + 1).head)
            #expect(try connection.reply().status == 413)
        }
    }

    @Test
    func `a body in chunks is accepted`() async throws {
        try await Site.with(settings) { site in
            let request = request(bytes: Self.limit).with { $0.set("Transfer-Encoding", "chunked") }
            let connection = try site.startIngress().connect()
            try connection.send(request.head)
            for chunk in request.chunks(of: 1000) { try connection.send(chunk) }
            #expect(try connection.reply().status == 202)
            let row = try site.reader.rows("SELECT body FROM delivery").first
            #expect(row?["body"] == request.body)
        }
    }

    @Test
    func `a body in chunks that grows over the limit is 413`() async throws {
        try await Site.with(settings) { site in
            let request = request(bytes: 2 * Self.limit)
                .with { $0.set("Transfer-Encoding", "chunked") }
            let connection = try site.startIngress().connect()
            try connection.send(request.head)
            for chunk in request.chunks(of: 10_000) { try connection.send(chunk) }
            #expect(try connection.reply().status == 413)
            #expect(try connection.awaitEnd() == [])
            #expect(try site.deliveries == 0)
        }
    }

    @Test(arguments: ["7FFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF"])
    func `a chunk of an absurd size is 413 where it passes the limit`(size: String) async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            let request = Request().with { $0.set("Transfer-Encoding", "chunked") }
            try connection.send(request.head + Array("\(size)\r\n".utf8))
            try connection.send([UInt8](repeating: 0x20, count: Self.limit))
            try ingress.accept(Request())
            try connection.send([0x20])
            let reply = try connection.reply()
            #expect(reply.status == 413)
            #expect(reply.headers["connection"] == "close")
            #expect(
                reply.text == #"{"status":"error","error":"the body is larger than 65536 bytes"}"#
                    + "\n"
            )
            connection.endSending()
            #expect(try connection.awaitEnd() == [])
            #expect(try site.deliveries == 1)
        }
    }

    @Test
    func `100 Continue is sent when the head is fine`() async throws {
        try await Site.with(settings) { site in
            let request = Request().with { $0.set("Expect", "100-continue") }
            let connection = try site.startIngress().connect()
            try connection.send(request.head)
            #expect(try connection.reply().status == 100)
            try connection.send(Array(request.body))
            #expect(try connection.reply().status == 202)
        }
    }

    @Test
    func `after Expect a refusal comes instead of 100 Continue, and nothing is read`()
        async throws
    {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let refused = [
                (413, request(bytes: Self.limit + 1)),
                (404, Request().with { $0.target = "/" }),
                (400, Request().with { $0.removeAll("-Delivery") }),
            ]
            for (status, request) in refused {
                let connection = try ingress.connect()
                try connection.send(request.with { $0.set("Expect", "100-continue") }.head)
                #expect(try connection.reply().status == status)
                #expect(try connection.awaitEnd() == [])
            }
        }
    }

    @Test
    func `a flood of refused bodies costs a commit a second, and all are counted at the end`()
        async throws
    {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let (start, before) = (ContinuousClock.now, try flushes(ingress))
            let head = request(bytes: Self.limit + 1).head
            for _ in 1...200 {
                let connection = try ingress.connect()
                try connection.send(head)
                #expect(try connection.reply().status == 413)
            }
            let flushes = try flushes(ingress) - before
            // The first at once, then each second, however long this took.
            #expect(flushes <= (ContinuousClock.now - start).components.seconds + 2)
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            #expect(try site.reader.number("SELECT sum(count) FROM incident") == 200)
        }
    }

    /// How often the store's log was flushed.
    private func flushes(_ ingress: RunningIngress) throws -> Int64 {
        let name = "samovar_fsync_seconds_count{file=\"log\"} "
        let lines = try ingress.health("/metrics").text.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(name) })
        return Int64(try #require(Double(line.dropFirst(name.count))))
    }

    @Test
    func `refused bodies are one incident per hour, counted`() async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let chunked = request(bytes: 2 * Self.limit)
                .with { $0.set("Transfer-Encoding", "chunked") }
            for index in 1...6 {
                if index.isMultiple(of: 2) {
                    #expect(try ingress.send(request(bytes: Self.limit + 1)).status == 413)
                } else {
                    let connection = try ingress.connect()
                    try connection.send(chunked.head)
                    for chunk in chunked.chunks(of: 30_000) { try connection.send(chunk) }
                    #expect(try connection.reply().status == 413)
                }
            }
            try waitUntil("all six to be counted") {
                try site.reader.number("SELECT coalesce(sum(count), 0) FROM incident") == 6
            }
            // Two rows only when the clock struck the hour meanwhile.
            let rows = try site.reader.rows(
                "SELECT * FROM incident WHERE kind = 'body_too_large' AND source = 'default'"
            )
            #expect((1...2).contains(rows.count))
            #expect(rows.allSatisfy { ($0["subject"] as String).count == "2026-01-01T00".count })
        }
    }
}

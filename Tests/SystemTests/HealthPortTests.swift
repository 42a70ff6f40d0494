import Foundation
import Health
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

/// The health port under clients that are slow, many or unusual: a probe that fails restarts what
/// works.
@Suite
struct HealthPortTests {
    @Test
    func `as many slow clients as there is room for keep no probe out`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let slow = try (0..<32).map { _ in try HTTPConnection(port: ingress.healthPort) }
            for connection in slow { try connection.send("GET /healthz HT") }
            for path in ["/healthz", "/readyz", "/metrics"] {
                #expect(try ingress.health(path).status == 200)
            }
            // The oldest gave way, the latest goes on.
            let latest = try #require(slow.last)
            try latest.send("TP/1.1\r\nHost: a\r\n\r\n")
            #expect(try latest.reply().status == 200)
            try waitUntil("the oldest to be closed") { slow[0].hasEnded }
        }
    }

    @Test
    func `a head that comes byte by byte has one deadline`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try HTTPConnection(port: ingress.healthPort)
            try connection.send("GET /healthz HTTP/1.1\r\nX-Filler: ")
            try waitUntil("the connection to be closed", within: .seconds(60)) {
                // Once it is closed, sending may fail as well.
                (try? connection.send("a")) == nil || connection.hasEnded
            }
        }
    }

    @Test(arguments: ["/healthz", "/readyz", "/metrics"])
    func `a client that closes its sending side gets its answer`(path: String) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try HTTPConnection(port: ingress.healthPort)
            try connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            connection.endSending()
            let reply = try connection.reply()
            #expect(reply.status == 200)
            #expect(reply.headers["date"]?.hasSuffix(" GMT") == true)
            #expect(try connection.awaitEnd() == [])
            let half = try HTTPConnection(port: ingress.healthPort)
            try half.send("GET \(path)")
            half.endSending()
            #expect(try half.awaitEnd() == [])
        }
    }

    @Test
    func `the absolute form of a target is taken`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for target in ["http://a/readyz", "HTTP://a:1/readyz?x", "https://a/healthz"] {
                #expect(try ingress.health(target).status == 200, "\(target)")
            }
            for target in ["http://a", "http://a/", "http://readyz"] {
                #expect(try ingress.health(target).status == 404, "\(target)")
            }
        }
    }

    @Test
    func `what is no request is 400, and what follows the first one is not looked at`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let garbage = try HTTPConnection(port: ingress.healthPort)
            try garbage.send("BAD\r\n\r\n")
            #expect(try garbage.reply().status == 400)
            let two = try HTTPConnection(port: ingress.healthPort)
            try two.send("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n")
            #expect(try two.reply().status == 200)
            #expect(try two.awaitEnd() == [])
        }
    }

    @Test
    func `without a descriptor for one more connection the log says which port and why`() throws {
        let lines = LogLines()
        let channel = EmbeddedChannel()
        try AcceptShortage.install(
            on: channel,
            port: "worker.health",
            logger: lines.logger,
            makeRoom: { true }
        )
        for _ in 1...3 {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        }
        #expect(lines.lines.count == 1)
        let line = try #require(lines.lines.first)
        for part in ["Too many open files", "LimitNOFILE", "port=worker.health", "closed=true"] {
            #expect(line.contains(part), "\(line)")
        }
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test
    func `dates are those of RFC 9110`() {
        var date = HTTPDate()
        #expect(date.text(at: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date.text(at: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}

import NIOCore
import TestSupport
import Testing

/// The deadlines of one connection, on a channel without a socket: time is what `sweep` is told.
@Suite
struct ReadTimeoutTests {
    @Test
    func `a head that does not end in 10 seconds is 408`() async throws {
        try await withConnection { connection in
            try connection.receive("POST /hooks/gitea HTTP/1.1\r\nHost: lo")
            #expect(connection.sent(after: .seconds(9)) == "")
            // A byte now and then gains no time.
            try connection.receive("calhost\r\n")
            #expect(Self.withoutDate(connection.sent(after: .seconds(11))) == Self.tooLate)
            #expect(!connection.isOpen)
        }
    }

    private static func withoutDate(_ answer: String) -> String {
        answer.replacing(/Date: [^\r]*\r\n/, with: "")
    }

    private static let tooLate = """
        HTTP/1.1 408 Request Timeout\r
        Content-Type: application/json\r
        Content-Length: 64\r
        Connection: close\r
        \r
        {"status":"error","error":"the request did not arrive in time"}

        """

    @Test
    func `a body that does not end in 30 seconds is 408`() async throws {
        try await withConnection { connection in
            let request = Request()
            try connection.receive(request.head + request.body.prefix(20))
            #expect(connection.sent(after: .seconds(29)) == "")
            try connection.receive(Array(request.body.dropFirst(20).prefix(20)))
            #expect(Self.withoutDate(connection.sent(after: .seconds(31))) == Self.tooLate)
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a connection that never says a word is closed after 10 seconds`() async throws {
        try await withConnection { connection in
            #expect(connection.sent(after: .seconds(9)) == "")
            #expect(connection.isOpen)
            #expect(connection.sent(after: .seconds(11)) == "")
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `between two requests a connection is kept for 5 minutes`() async throws {
        try await withConnection { connection in
            try connection.receive("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.sent(after: .seconds(299)).hasPrefix("HTTP/1.1 404 "))
            #expect(connection.isOpen)
            #expect(connection.sent(after: .seconds(301)) == "")
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a refused body is read for 10 seconds`() async throws {
        try await withConnection { connection in
            let request = Request().with {
                $0.set("Content-Length", "\(SocketlessIngress.bodyBytesMax + 1)")
            }
            try connection.receive(request.head)
            #expect(connection.sent(after: .seconds(9)).hasPrefix("HTTP/1.1 413 "))
            #expect(connection.isOpen)
            _ = connection.sent(after: .seconds(11))
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a delivery that no commit takes in 3 seconds is 503 and withdrawn`() async throws {
        try await withConnection { connection in
            try connection.receive(Request().bytes)
            #expect(connection.sent(after: .seconds(2)) == "")
            #expect(connection.sent(after: .seconds(4)).hasPrefix("HTTP/1.1 503 "))
            #expect(connection.isOpen)
            // The next request on the connection has time of its own.
            try connection.receive("POST /")
            #expect(connection.sent(after: .seconds(9)) == "")
        }
    }

    @Test
    func `part of a head behind a request that waits has a head's time, not an idle one's`()
        async throws
    {
        try await withConnection { connection in
            try connection.receive(Request().bytes + Array("POST /hoo".utf8))
            #expect(connection.sent(after: .seconds(4)).hasPrefix("HTTP/1.1 503 "))
            #expect(connection.sent(after: .seconds(9)) == "")
            #expect(connection.sent(after: .seconds(11)).hasPrefix("HTTP/1.1 408 "))
            #expect(!connection.isOpen)
        }
    }

    /// Gives a test a connection to an ingress whose commits never run.
    private func withConnection(_ body: (SocketlessConnection) throws -> Void) async throws {
        try await withStore { store, path in
            let connection = try SocketlessIngress(store: store, path: path).connect()
            try body(connection)
            try connection.end()
        }
    }
}

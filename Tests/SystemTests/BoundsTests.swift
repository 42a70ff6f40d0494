import Foundation
import GRDB
import TestSupport
import Testing

/// What one client can take from others: nothing.
@Suite
struct BoundsTests {
    /// So few descriptors that a hundred connections are the most.
    private static let fewDescriptors = ["/usr/bin/prlimit", "--nofile=164:164"]

    private func noise(_ ingress: RunningIngress, _ part: [UInt8]) throws -> [HTTPConnection] {
        try (1...300).map { _ in
            let connection = try ingress.connect()
            try connection.send(part)
            return connection
        }
    }

    /// What somebody sends who means no good, and then nothing more.
    private static let unfinished: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("half a head", Array("POST /hooks/gitea HTTP/1.1\r\nHost: a\r\n".utf8)),
        ("half a body", Array(Request().bytes.dropLast(10))),
        (
            "half a body in chunks",
            Request().with { $0.set("Transfer-Encoding", "chunked") }.head
                + Array("5\r\nabc".utf8)
        ),
        (
            "a refused request without its body",
            Array(Request().with { $0.set("Content-Type", "text/plain") }.bytes.dropLast(10))
        ),
    ]

    @Test(arguments: 0..<unfinished.count)
    func `connections that lead to nothing give way to honest ones`(kind: Int) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress(under: Self.fewDescriptors)
            // Quieter than all that follow, but from an address that takes no more than this.
            let quiet = try ingress.connect(client: 2)
            try quiet.send(Request().bytes)
            #expect(try quiet.reply().status == 202)

            let connections = try noise(ingress, Self.unfinished[kind].bytes)
            for client in [1, 2, 3] as [UInt32] {
                for _ in 1...20 {
                    #expect(try ingress.send(Request(), client: client).status == 202)
                }
            }
            try quiet.send(Request().bytes)
            #expect(try quiet.reply().status == 202)
            #expect(try site.deliveries == 62)
            // Some of them had to go, and those in the middle of a request were told.
            if [1, 2, 3].contains(kind) {
                let gone = try waitFor("some of them to be answered") {
                    connections.first { $0.hasAnswer }
                }
                let reply = try gone.reply()
                #expect(reply.status == 503)
                #expect(reply.headers["retry-after"] == "5")
                #expect(
                    reply.text == #"{"status":"error","error":"too many connections"}"# + "\n"
                )
            } else {
                try waitUntil("some of them to be closed") {
                    connections.contains { $0.hasEnded }
                }
            }
        }
    }

    @Test
    func `requests in the middle of their body are not taken for the idle ones`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress(under: Self.fewDescriptors)
            let requests = (1...20).map { _ in Request() }
            let halves = try requests.map { request in
                let connection = try ingress.connect(client: 2)
                try connection.send(Array(request.bytes.dropLast(10)))
                return connection
            }
            _ = try noise(ingress, [])
            for (connection, request) in zip(halves, requests) {
                try connection.send(Array(request.bytes.suffix(10)))
                #expect(try connection.reply().status == 202)
            }
        }
    }

    @Test
    func `two thousand idle connections cost nobody his answer`() async throws {
        try raiseDescriptorLimit()
        try await Site.with { site in
            let ingress = try site.startIngress()
            let idle = try (1...2_000).map { _ in try ingress.connect() }
            for _ in 1...50 { try ingress.accept(Request()) }
            // All of them are still there.
            for connection in [idle[0], idle[999], idle[1_999]] {
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            #expect(try residentBytes(ingress) < 200 << 20)
        }
    }

    @Test
    func `without a free descriptor an idle connection gives way, and later all is as before`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let pid = ingress.program.pid
            let busy = try ingress.connect(client: 2)
            try busy.send(Request().bytes)
            #expect(try busy.reply().status == 202)
            let idle = try (1...10).map { _ in try ingress.connect() }
            let request = Request().with { $0.set("Expect", "100-continue") }
            try busy.send(request.head)
            #expect(try busy.reply().status == 100)

            try limitDescriptors(of: pid, to: descriptors(of: pid), site)
            for _ in 1...3 { #expect(try ingress.send(Request()).status == 202) }
            try busy.send(Array(request.body))
            #expect(try busy.reply().status == 202)
            try ingress.program.awaitLine("cannot accept a connection")

            try limitDescriptors(of: pid, to: 900, site)
            let more = try (1...20).map { _ in try ingress.connect() }
            for connection in more {
                try connection.send(Request().bytes)
                #expect(try connection.reply().status == 202)
            }
            _ = idle
        }
    }

    // MARK: Half of a connection

    @Test
    func `a client that has sent all it wants still gets its answers`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let one = try ingress.connect()
            try one.send(Request().bytes)
            one.endSending()
            #expect(try one.reply().status == 202)
            #expect(try one.awaitEnd() == [])

            let many = try ingress.connect()
            let elsewhere = Request().with { $0.target = "/" }
            try many.send([Request(), elsewhere, Request(), Request()].flatMap(\.bytes))
            many.endSending()
            let statuses = try (1...4).map { _ in try many.reply().status }
            #expect(statuses == [202, 404, 202, 202])
            #expect(try many.awaitEnd() == [])
            #expect(try site.deliveries == 4)
        }
    }

    @Test(arguments: [10, 700])
    func `a client that ends in the middle of a request is told`(bytes: Int) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            try connection.send(Array(Request().bytes.prefix(bytes)))
            connection.endSending()
            #expect(try connection.reply().status == 400)
            #expect(try connection.awaitEnd() == [])
            let silent = try ingress.connect()
            silent.endSending()
            #expect(try silent.awaitEnd() == [])
            try ingress.accept(Request())
        }
    }

    // MARK: Pipelining

    @Test
    func `hundreds of requests in one go are answered in their order`() async throws {
        try await Site.with { site in
            let requests = (1...400).map { index in
                index.isMultiple(of: 3) ? Request().with { $0.target = "/" } : Request()
            }
            let connection = try site.startIngress().connect()
            try connection.send(requests.flatMap(\.bytes))
            for request in requests {
                let reply = try connection.reply()
                #expect(reply.status == (request.target == "/" ? 404 : 202))
                if reply.status == 202 { #expect(try Stored(reply).delivery == request.id) }
            }
            #expect(try site.deliveries == 267)
        }
    }

    @Test
    func `of more pipelined requests than are kept the first are answered, no other is taken`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            let requests = (1...1_000).map { _ in Request() }
            try connection.send(requests.flatMap(\.bytes))
            // Then all that is on its way is read at once.
            connection.endSending()
            var answered = 0
            while let reply = try Self.nextReply(connection) {
                #expect(reply.status == 202)
                #expect(try Stored(reply).delivery == requests[answered].id)
                answered += 1
            }
            #expect(answered > 0)
            #expect(try site.deliveries == answered)
            try ingress.accept(Request())
        }
    }

    /// - Returns: nil when the server has closed.
    private static func nextReply(_ connection: HTTPConnection) throws -> HTTPReply? {
        do {
            return try connection.reply()
        } catch HTTPConnection.Failure.ended {
            return nil
        }
    }

    @Test
    func `who sends requests and reads no answers is let go`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            let requests = (1...100).flatMap { _ in Request().with { $0.target = "/" }.bytes }
            #expect(throws: HTTPConnection.Failure.ended) {
                // 60 MB of them; their answers would be 15 MB.
                for _ in 1...1_000 { try connection.send(requests) }
            }
            try ingress.accept(Request())
        }
    }

    @Test
    func `what follows the last request of a connection is not taken`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try ingress.connect()
            let last = Request().with { $0.set("Connection", "close") }
            try connection.send(last.bytes + Request().bytes)
            #expect(try connection.reply().status == 202)
            #expect(try connection.awaitEnd() == [])

            // Nothing is taken behind chunks, whose end only the decoder knows.
            let chunked = Request().with { $0.set("Transfer-Encoding", "chunked") }
            let other = try ingress.connect()
            try other.send(chunked.head + chunked.chunks(of: 100).joined() + Request().bytes)
            let reply = try other.reply()
            #expect(reply.status == 202)
            #expect(reply.headers["connection"] == "close")
            #expect(try other.awaitEnd() == [])
            #expect(try site.deliveries == 2)
        }
    }

    // MARK: Limits of processes

    private func raiseDescriptorLimit() throws {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try #require(unsafe getrlimit(kind, &limit) == 0)
        limit.rlim_cur = limit.rlim_max
        try #require(unsafe setrlimit(kind, &limit) == 0)
        try #require(limit.rlim_cur >= 3_000, "this machine allows too few descriptors")
    }

    private func descriptors(of pid: Int32) throws -> Int {
        let entries = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
        return (entries.compactMap { Int($0) }.max() ?? 0) + 1
    }

    private func limitDescriptors(of pid: Int32, to count: Int, _ site: Site) throws {
        try RunningProgram(
            ["/usr/bin/prlimit", "--pid", "\(pid)", "--nofile=\(count):"],
            environment: [:],
            folder: site.folder
        ).awaitExit()
    }

    private func residentBytes(_ ingress: RunningIngress) throws -> Int {
        let path = "/proc/\(ingress.program.pid)/statm"
        let fields = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

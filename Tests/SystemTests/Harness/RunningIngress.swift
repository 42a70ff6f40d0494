import Testing
import TestSupport

/// An ingress that listens.
struct RunningIngress: Sendable {
    let program: RunningProgram
    let port: UInt16
    let healthPort: UInt16

    init(_ program: RunningProgram) throws {
        self.program = program
        port = try Self.port(in: program.awaitLine("listening address=127.0.0.1:"))
        healthPort = try Self.port(in: program.awaitLine("health address=127.0.0.1:"))
    }

    private static func port(in line: Substring) throws -> UInt16 {
        let address = try #require(line.split(separator: "address=127.0.0.1:").last)
        return try #require(UInt16(address.prefix { $0 != " " }))
    }

    /// Connects from 127.0.0.x.
    func connect(client: UInt32 = 1) throws -> HTTPConnection {
        try HTTPConnection(port: port, client: client)
    }

    /// Sends one request on a connection of its own.
    func send(_ request: Request, client: UInt32 = 1) throws -> HTTPReply {
        let connection = try connect(client: client)
        try connection.send(request.bytes)
        return try connection.reply()
    }

    /// Sends a delivery that must be accepted.
    ///
    /// - Returns: its seq.
    @discardableResult
    func accept(_ request: Request) throws -> Int {
        let reply = try send(request)
        try #require(reply.status == 202, "\(reply.text)")
        return try Stored(reply).seq
    }

    /// Asks the health port.
    func health(_ path: String) throws -> HTTPReply {
        let connection = try HTTPConnection(port: healthPort)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try connection.reply()
    }
}

import Foundation
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

// MARK: What it is about

extension RunningIngress {
    /// Waits until the store is open, too: with a spool it serves before.
    ///
    /// - Returns: itself.
    @discardableResult
    func awaitReady() throws -> RunningIngress {
        try waitUntil("the store to take deliveries") { try isReady() }
        return self
    }

    private func isReady() throws -> Bool {
        let reply = try health("/readyz")
        return reply.status == 200 && !reply.text.contains(#""durable":"spool""#)
    }

    /// Waits until all that it spooled is in the store, which takes what comes next itself.
    ///
    /// On a busy machine any delivery may wait too long for the store, and take the detour.
    func awaitSettled() throws {
        try waitUntil("everything to be in the store") {
            guard try isReady() else { return false }
            let metrics = try ParsedExposition(health("/metrics").text)
            // Said when a detour is over, the spool empty.
            let returned = program.output.split(separator: "\n")
                .filter { $0.contains("the store takes deliveries again") }
                .compactMap { $0.firstMatch(of: /spooled=(\d+)/).flatMap { Double($0.output.1) } }
                .reduce(0, +)
            return metrics.value("samovar_spooled_total") == returned
        }
    }

    /// Sends a delivery that must be kept, and waits until it is in the store, whichever way it
    /// goes there.
    func keep(_ request: Request) throws {
        try awaitReady()
        let reply = try send(request)
        try #require(reply.status == 202, "\(reply.text)")
        try awaitSettled()
    }

    /// Whether it takes connections, by its own sockets: a port that it left may be somebody
    /// else's at once.
    var isListening: Bool {
        get throws {
            let process = "/proc/\(program.pid)"
            let names = try FileManager.default.contentsOfDirectory(atPath: process + "/fd")
            // One that is closed meanwhile is no socket any more.
            let own = names.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/fd/\($0)")
            }
            let table = try String(contentsOfFile: process + "/net/tcp", encoding: .utf8)
            return table.split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                guard words.count > 9, words[3] == "0A",
                    let port = words[1].split(separator: ":").last
                else { return false }
                return UInt16(port, radix: 16) == self.port && own.contains("socket:[\(words[9])]")
            }
        }
    }
}

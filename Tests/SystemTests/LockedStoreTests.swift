import Spawn
import Foundation
import GRDB
import TestSupport
import Testing

/// A stranger's shell that holds the write lock.
@Suite
struct LockedStoreTests {
    @Test
    func `while the store is locked it is 503, and works again when the lock goes`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let refused = (1...4).map { _ in Request() }
            let replies = try await withThrowingTaskGroup(of: HTTPReply.self) { group in
                for request in refused { group.addTask { try ingress.send(request) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for reply in replies {
                #expect(reply.status == 503)
                #expect(reply.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
            }
            try stranger.unlock()
            try ingress.accept(Request())
            // Commits keep their order, so what was refused would be there before this one.
            #expect(try site.deliveries == 2)
            for request in refused { #expect(try ingress.send(request).status == 202) }
        }
    }

    @Test
    func `a lock that goes in time delays the answer, no more`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let connection = try ingress.connect()
            try connection.send(Request().bytes)
            // Answered by the same event loop after the request before it was read.
            #expect(try ingress.health("/healthz").status == 200)
            try stranger.unlock()
            #expect(try connection.reply().status == 202)
        }
    }

    @Test
    func `a worker outlasts a lock`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["note"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            try site.script("note", "echo $SAMOVAR_DELIVERY >> noted")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let first = Request()
            try ingress.accept(first)
            try site.awaitQuiet()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let line = try worker.awaitLine("the store is in trouble")
            #expect(line.contains("(pid \(getpid()))"), "\(line)")
            try stranger.unlock()
            try worker.awaitLine("the store works again")
            let second = Request()
            try ingress.accept(second)
            try site.awaitQuiet()
            #expect(site.lines("noted") == [first.id, second.id])
        }
    }

    @Test
    func `a command's note names who keeps a transaction open, not who waits with the turn`()
        async throws
    {
        try await Site.with { site in
            try site.startIngress().accept(Request())
            let script = "echo held; exec sleep 600"
            let waiting = try site.run([
                "/usr/bin/flock", "\(site.store).turn", "/bin/sh", "-c", script,
            ])
            try waiting.awaitLine("held")
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let status = try site.start(Binaries.samovar, arguments: ["status"])
            #expect(try status.awaitExit() == .code(69))
            let notes = status.output.split(separator: "\n").filter { $0.hasPrefix("note: ") }
            let note = try #require(notes.first { $0.contains(" is locked: ") })
            #expect(note.contains("(pid \(getpid()))"))
            #expect(!status.output.contains("(pid \(waiting.pid))"), "\(status.output)")
            #expect(status.output.contains("COMMIT, ROLLBACK or .quit"))
            try stranger.unlock()
        }
    }

    @Test
    func `readyz says whether a write works, healthz whether the process answers`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            #expect(try ingress.health("/healthz").status == 200)
            #expect(try ingress.health("/readyz").status == 200)
            #expect(try ingress.health("/readyz?verbose").status == 200)
            let uuid = try site.reader.text("SELECT uuid FROM store")
            let name = try #","store":"\#(#require(uuid))""#
            #expect(try ingress.health("/readyz").text.contains(name))
            #expect(try ingress.health("/other").status == 404)
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let locked = try ingress.health("/readyz")
            #expect(locked.status == 503)
            #expect(locked.text.contains(name))
            #expect(try ingress.health("/healthz").status == 200)
            try stranger.unlock()
            #expect(try ingress.health("/readyz").status == 200)
        }
    }

    @Test
    func `the health port takes no deliveries, and the other one answers no checks`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let connection = try HTTPConnection(port: ingress.healthPort)
            try connection.send(Request().bytes)
            #expect(try connection.reply().status == 405)
            for path in ["/healthz", "/readyz"] {
                let request = Request().with {
                    $0.method = "GET"
                    $0.target = path
                }
                #expect(try ingress.send(request).status == 404)
            }
        }
    }
}

/// A connection of somebody else to the store.
struct Stranger {
    private let database: DatabaseQueue

    init(_ store: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(30)
        database = try DatabaseQueue(path: store, configuration: configuration)
        try database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        }
    }

    func lock() throws {
        try database.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    func unlock() throws {
        try database.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    }
}

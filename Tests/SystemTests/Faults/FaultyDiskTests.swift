import Foundation
import Spawn
import TestSupport
import Testing

/// The ingress on a disk that fails or is slow.
///
/// Whatever happens, what was answered with a 2xx is in the store afterwards.
@Suite
struct FaultyDiskTests {
    /// An error of the disk under a commit.
    struct Failure: Sendable, CustomTestStringConvertible {
        var call: FaultyDisk.Call
        var error: Int32
        var testDescription: String

        init(_ call: FaultyDisk.Call, _ error: Int32, _ name: String) {
            self.call = call
            self.error = error
            testDescription = "\(name) at \(call)"
        }
    }

    static let failures = [
        Failure(.sync, EIO, "EIO"), Failure(.write, EIO, "EIO"), Failure(.write, EROFS, "EROFS"),
    ]

    @Test(arguments: failures)
    func `an error at commit is answered 503, then the process ends, and a restart works`(
        _ failure: Failure
    ) async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...20 { try promises.send(Request(), to: ingress) }
            try #require(promises.count == 20)
            try disk.set([Self.fails(failure)])
            let refused = Request()
            let reply = try promises.send(refused, to: ingress)
            #expect(reply.status == 503)
            // Another code than that of an honest stop: systemd starts it again.
            let exit = try ingress.program.awaitExit()
            #expect(exit != .code(0))
            #expect(ingress.program.output.contains("disk error"))
            try disk.heal()
            let second = try site.startIngress(under: disk.wrapper)
            // A 503 says nothing of what is on the disk: sent again, it is there once.
            try promises.send(refused, to: second)
            for _ in 1...20 { try promises.send(Request(), to: second) }
            #expect(promises.count == 41)
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test(arguments: failures)
    func `an error at commit under load breaks no promise`(_ failure: Failure) async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            for round in 1...3 {
                let ingress = try site.startIngress(under: disk.wrapper)
                let enough = promises.count + round * 30
                async let load: Void = promises.load(ingress, clients: 6)
                try waitUntil("\(enough) promises") { promises.count >= enough }
                try disk.set([Self.fails(failure)])
                try await load
                #expect(try ingress.program.awaitExit() != .code(0))
                try disk.heal()
                try promises.check(storeAt: site.store)
            }
            try promises.checkAll(storeAt: site.store)
        }
    }

    /// What gathered while the store wrote something else than deliveries.
    @Test(arguments: [false, true])
    func `an error that a count of refused bodies meets leaves no delivery without an answer`(
        hasSpool: Bool
    ) async throws {
        let settings = SiteSettings(
            ingress: ["max_body: 1KiB"] + (hasSpool ? ["spool: spool"] : [])
        )
        try await Site.with(settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper).awaitReady()
            try promises.send(Request(), to: ingress)
            if hasSpool { try ingress.awaitSettled() }
            try disk.set([
                // Time for a delivery to come.
                FaultyDisk.Rule(call: .write, file: "queue.db-wal", count: 1, effect: .hold),
                FaultyDisk.Rule(call: .sync, file: "queue.db-wal", effect: .error(EIO)),
            ])
            let large = Request(body: Data(repeating: 0x20, count: 2 << 10))
            #expect(try ingress.send(large).status == 413)
            try disk.awaitHit()
            let connection = try ingress.connect()
            let request = Request()
            try connection.send(request.bytes)
            // Answered by the same event loop after the request before it was read.
            #expect(try ingress.health("/healthz").status == 200)
            try disk.release()
            let reply = try connection.reply()
            try promises.note(reply, to: request)
            #expect(reply.status == (hasSpool ? 202 : 503), "\(reply.text)")
            #expect(try ingress.program.awaitExit() == .code(69))
            #expect(ingress.program.output.contains("incident not recorded"))
            try disk.heal()
            let second = try site.startIngress(under: disk.wrapper)
            try promises.send(Request(), to: second)
            try waitUntil("all that was promised") {
                try site.deliveries >= promises.count
            }
            try promises.checkAll(storeAt: site.store)
        }
    }

    private static func fails(_ failure: Failure) -> FaultyDisk.Rule {
        FaultyDisk.Rule(call: failure.call, file: "queue.db-wal", effect: .error(failure.error))
    }

    /// After a flush that failed the kernel takes the pages for clean, though they may never have
    /// reached the disk (`fsync(2)`): what is appended behind them would be lost with them in a power
    /// cut, since SQLite reads its log up to the first frame that does not fit.
    @Test
    func `a log whose flush failed is written again before anything is appended`() async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...5 { try promises.send(Request(), to: ingress) }
            try disk.set([
                FaultyDisk.Rule(call: .sync, file: "queue.db-wal", effect: .error(EIO))
            ])
            try promises.send(Request(), to: ingress)
            try ingress.program.awaitExit()
            let log = try Self.log(of: site)
            #expect(log.count > 32)
            let hits = disk.hits
            // Notes where each write is.
            try disk.set([
                FaultyDisk.Rule(call: .write, file: "queue.db-wal", effect: .delay(milliseconds: 0))
            ])
            let second = try site.startIngress(under: disk.wrapper)
            try promises.send(Request(), to: second)
            // The header, then all that follows it, and behind that what is new.
            let places = Array(disk.placesHit.dropFirst(hits))
            #expect(places.prefix(2) == [0, 32])
            #expect(places.dropFirst(2).min() == log.count)
            #expect(try Self.log(of: site).prefix(log.count) == log)
            // Once is enough.
            try promises.send(Request(), to: second)
            #expect(disk.placesHit.dropFirst(hits + 2).allSatisfy { $0 >= log.count })
            try promises.checkAll(storeAt: site.store)
        }
    }

    private static func log(of site: Site) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: site.store + "-wal"))
    }

    @Test
    func `an error at reading is answered 503, then the process ends, and a restart works`()
        async throws
    {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...20 { try promises.send(Request(), to: ingress) }
            // Somebody else's commit: what the ingress keeps in memory is out of date, it must read.
            let shell = try Shell(site.store)
            try shell.run("INSERT INTO pause (kind, name, paused_at) VALUES ('handler', 'a', 1)")
            try shell.close()
            try disk.set(
                ["queue.db", "queue.db-wal"].map {
                    FaultyDisk.Rule(call: .read, file: $0, effect: .error(EIO))
                }
            )
            #expect(try promises.send(Request(), to: ingress).status == 503)
            #expect(disk.hits > 0)
            #expect(try ingress.program.awaitExit() != .code(0))
            try disk.heal()
            let second = try site.startIngress(under: disk.wrapper)
            #expect(try promises.send(Request(), to: second).status == 202)
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `no space for the log is 503 while it lasts, and the process goes on`() async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...3 {
                for _ in 1...10 { try promises.send(Request(), to: ingress) }
                try disk.set([
                    FaultyDisk.Rule(
                        call: .write,
                        file: "queue.db-wal",
                        // In the middle of what a commit writes, and at its beginning.
                        skip: Int.random(in: 0...3),
                        effect: .error(ENOSPC)
                    )
                ])
                // A commit may be a single write: some go through.
                try waitUntil("the disk to be full") {
                    try promises.send(Request(), to: ingress).status == 503
                }
                for _ in 1...4 { #expect(try promises.send(Request(), to: ingress).status == 503) }
                #expect(try ingress.health("/readyz").status == 503)
                try disk.heal()
                #expect(try promises.send(Request(), to: ingress).status == 202)
            }
            ingress.program.killNow()
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `no space for a checkpoint costs no delivery`() async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            try disk.set([FaultyDisk.Rule(call: .write, file: "queue.db", effect: .error(ENOSPC))])
            try await promises.load(ingress, clients: 4) { promises.count >= 400 }
            #expect(promises.areNearlyAll)
            try ingress.program.awaitLine("checkpoint failed")
            try disk.heal()
            for _ in 1...100 { try promises.send(Request(), to: ingress) }
            ingress.program.killNow()
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `flushes that take long delay answers, and are shared`() async throws {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            try disk.set([
                FaultyDisk.Rule(
                    call: .sync,
                    file: "queue.db-wal",
                    effect: .delay(milliseconds: 300)
                )
            ])
            try await promises.load(ingress, clients: 16) { promises.count >= 40 }
            #expect(promises.areNearlyAll)
            // Each flush was waited for by many.
            #expect(disk.hits < promises.count / 2)
            ingress.program.killNow()
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `a flush longer than the budget is waited for, and what comes behind it is refused`()
        async throws
    {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let ingress = try site.startIngress(under: disk.wrapper)
            try disk.set([
                FaultyDisk.Rule(call: .sync, file: "queue.db-wal", count: 1, effect: .hold)
            ])
            let (first, second) = (Request(), Request())
            let (one, other) = (try ingress.connect(), try ingress.connect())
            try one.send(first.bytes)
            try disk.awaitHit()
            try other.send(second.bytes)
            // It is still withdrawn in time, though the commit before it does not end.
            #expect(try other.reply().status == 503)
            try disk.release()
            // Nobody can say what a flush that has begun will do, so its answer waits for it.
            #expect(try one.reply().status == 202)
            try ingress.accept(Request())
            #expect(
                try site.reader.texts("SELECT delivery_id FROM delivery ORDER BY seq").prefix(1)
                    == [try #require(first.id)]
            )
            #expect(try site.deliveries == 2)
        }
    }
}

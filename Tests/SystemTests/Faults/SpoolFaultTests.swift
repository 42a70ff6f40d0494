import Foundation
import Spawn
import TestSupport
import Testing

/// The same faults with a spool to fall back on: every promise is in the store in the end.
@Suite
struct SpoolFaultTests {
    private static let settings = SiteSettings(ingress: ["spool: spool"])

    /// Waits until what was promised, the spool's part of it too, is in the store.
    private func awaitKept(_ promises: Promises, _ site: Site) throws {
        var last: any Error = BrokenPromise("never looked")
        do {
            try waitUntil("every promise to be kept") {
                do {
                    try promises.checkAll(storeAt: site.store)
                    return true
                } catch {
                    last = error
                    return false
                }
            }
        } catch {
            throw last
        }
    }

    @Test
    func `while the store is locked everything is accepted, and all of it is imported`()
        async throws
    {
        try await Site.with(Self.settings) { site in
            let promises = Promises()
            let ingress = try site.startIngress().awaitReady()
            try promises.send(Request(), to: ingress)
            try ingress.awaitSettled()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let end = ContinuousClock.now + .seconds(Trials.isSoak ? 30 : 6)
            try await promises.load(ingress, clients: 4) { ContinuousClock.now > end }
            #expect(promises.areNearlyAll)
            #expect(promises.count > 1)
            #expect(try site.deliveries == 1)
            try stranger.unlock()
            try awaitKept(promises, site)
            // What was refused while it was being appended is in the spool as well.
            let most = promises.count + promises.refused
            #expect(try (promises.count...most).contains(site.deliveries))
        }
    }

    @Test
    func `killed while it spools, and killed while it imports, it loses nothing`() async throws {
        let seed = Trials.seed("SAMOVAR_KILL_SEED")
        print("killing the spooling ingress, SAMOVAR_KILL_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        try await Site.with(Self.settings) { site in
            let promises = Promises()
            let first = try site.startIngress().awaitReady()
            try promises.send(Request(), to: first)
            try first.awaitSettled()
            // Each has the spool for itself.
            first.program.killNow()
            for _ in 1...Trials.count("SAMOVAR_SPOOL_KILLS", usual: 3) {
                let stranger = try Stranger(site.store)
                try stranger.lock()
                // It starts from the spool: the store cannot be opened for writing now.
                let ingress = try site.startIngress()
                let enough = promises.count + Int.random(in: 1...60, using: &random)
                async let load: Void = promises.load(ingress, clients: 4)
                try waitUntil("\(enough) promises") { promises.count >= enough }
                ingress.program.killNow()
                try await load
                try stranger.unlock()
                // This one imports, and is killed meanwhile or just after.
                let second = try site.start(Binaries.ingress)
                Trials.passTime(upTo: .milliseconds(400), &random)
                second.killNow()
            }
            let last = try site.startIngress()
            try awaitKept(promises, site)
            try promises.send(Request(), to: last)
            try promises.checkAll(storeAt: site.store)
        }
    }

    @Test
    func `an error at commit goes to the spool, ends the process, and is imported`() async throws {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper).awaitReady()
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
            try ingress.awaitSettled()
            try disk.set([
                FaultyDisk.Rule(call: .sync, file: "queue.db-wal", effect: .error(EIO))
            ])
            #expect(try promises.send(Request(), to: ingress).status == 202)
            #expect(try ingress.program.awaitExit() != .code(0))
            try disk.heal()
            let second = try site.startIngress(under: disk.wrapper)
            try promises.send(Request(), to: second)
            try awaitKept(promises, site)
        }
    }

    @Test
    func `in a store that is taken away nothing is promised, and in the spool everything`()
        async throws
    {
        try await Site.with(Self.settings) { site in
            let files = FileManager.default
            let promises = Promises()
            let ingress = try site.startIngress().awaitReady()
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
            try ingress.awaitSettled()
            for suffix in ["", "-wal", "-shm"] {
                try files.moveItem(
                    atPath: site.store + suffix,
                    toPath: site.path("elsewhere" + suffix)
                )
            }
            // What the one commits that notices is in the spool as well.
            try await promises.load(ingress, clients: 2)
            #expect(try ingress.program.awaitExit() != .code(0))
            let second = try site.startIngress()
            for _ in 1...10 { #expect(try promises.send(Request(), to: second).status == 202) }
            #expect(promises.refused == 0)
            // It waits for the store, and makes no new one.
            #expect(!files.fileExists(atPath: site.store))
            for suffix in ["-wal", "-shm", ""]
            where files.fileExists(atPath: site.path("elsewhere" + suffix)) {
                try files.moveItem(
                    atPath: site.path("elsewhere" + suffix),
                    toPath: site.store + suffix
                )
            }
            try awaitKept(promises, site)
        }
    }

    @Test(arguments: [true, false])
    func `a spool that is taken away promises nothing more, and what it promised is imported`(
        isDeleted: Bool
    ) async throws {
        try await Site.with(Self.settings) { site in
            let files = FileManager.default
            let (spool, away) = (site.path("spool"), site.path("away"))
            let promises = Promises()
            let ingress = try site.startIngress().awaitReady()
            try promises.send(Request(), to: ingress)
            try ingress.awaitSettled()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            for _ in 1...3 { #expect(try promises.send(Request(), to: ingress).status == 202) }
            if isDeleted {
                try files.removeItem(atPath: spool)
            } else {
                try files.moveItem(atPath: spool, toPath: away)
            }
            for _ in 1...3 {
                let reply = try promises.send(Request(), to: ingress)
                #expect(reply.status == 503)
                #expect(reply.text.contains("the spool was moved or deleted"))
            }
            #expect(try ingress.health("/readyz").status == 503)
            if !isDeleted {
                try files.moveItem(atPath: away, toPath: spool)
                #expect(try promises.send(Request(), to: ingress).status == 202)
            }
            try stranger.unlock()
            try awaitKept(promises, site)
            #expect(try site.deliveries == promises.count)
        }
    }

    @Test(arguments: [FaultyDisk.Call.read, .sync])
    func `a spool's disk that hangs holds up no store that works`(
        _ call: FaultyDisk.Call
    ) async throws {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper).awaitReady()
            try promises.send(Request(), to: ingress)
            try ingress.awaitSettled()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            for _ in 1...2 { #expect(try promises.send(Request(), to: ingress).status == 202) }
            // Read for the import, or emptied after it.
            try disk.set([
                FaultyDisk.Rule(call: call, file: "/spool", count: 1, effect: .hold)
            ])
            try stranger.unlock()
            try disk.awaitHit()
            // One that comes while the store is slow, too, is refused, or waits for the spool.
            var stored = 0
            try waitUntil("three deliveries to be stored") {
                let reply = try promises.send(Request(), to: ingress)
                if reply.text.contains(#""seq":"#) { stored += 1 }
                return stored == 3
            }
            try ingress.awaitReady()
            // Store and spool: an answer all the same.
            try stranger.lock()
            #expect(try promises.send(Request(), to: ingress).status == 503)
            #expect(try ingress.health("/readyz").status == 503)
            try stranger.unlock()
            ingress.program.killNow()
            _ = try site.startIngress()
            try awaitKept(promises, site)
        }
    }

    @Test
    func `a delivery whose append hangs is answered all the same`() async throws {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper).awaitReady()
            try promises.send(Request(), to: ingress)
            try ingress.awaitSettled()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            #expect(try promises.send(Request(), to: ingress).status == 202)
            try disk.set([
                FaultyDisk.Rule(call: .sync, file: "/spool", count: 1, effect: .hold)
            ])
            let connection = try ingress.connect()
            let hung = Request()
            try connection.send(hung.bytes)
            let reply = try connection.reply()
            try promises.note(reply, to: hung)
            #expect(reply.status == 503)
            try disk.heal()
            try stranger.unlock()
            // Its connection goes on, to the store.
            let next = Request()
            try connection.send(next.bytes)
            let answer = try connection.reply()
            #expect(answer.text.contains(try #require(next.id)))
            try promises.note(answer, to: next)
            try disk.release()
            try promises.send(Request(), to: ingress)
            try awaitKept(promises, site)
        }
    }

    @Test
    func `an open store that cannot be read ends the process before anything else is spooled`()
        async throws
    {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let first = try site.startIngress()
            try first.keep(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let promises = Promises()
            #expect(try promises.send(Request(), to: first).status == 202)
            first.program.killNow()
            try stranger.unlock()
            for suffix in ["", "-wal", "-shm", ".turn"]
            where FileManager.default.fileExists(atPath: site.store + suffix) {
                try FileManager.default.moveItem(
                    atPath: site.store + suffix,
                    toPath: site.path("away") + suffix
                )
            }
            // Another store is there, so that it is asked again and again whose it is.
            let worker = try site.startWorker()
            let second = try site.startIngress(under: disk.wrapper)
            try second.program.awaitLine("holds deliveries of store")
            try disk.set([
                FaultyDisk.Rule(call: .read, file: "queue.db", effect: .error(EIO)),
                FaultyDisk.Rule(call: .read, file: "queue.db-wal", effect: .error(EIO)),
            ])
            // So that what is asked for has to be read anew.
            let pause = try site.start(
                "pause",
                arguments: ["--everything"],
                under: [Binaries.samovar]
            )
            #expect(try pause.awaitExit() == .code(0))
            #expect(try second.program.awaitExit() != .code(0))
            #expect(disk.hits > 0)
            worker.killNow()
        }
    }

    @Test(arguments: [FaultyDisk.Call.write, .sync])
    func `when store and spool both fail it is 503, never a false promise`(
        _ call: FaultyDisk.Call
    ) async throws {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper).awaitReady()
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
            try ingress.awaitSettled()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            #expect(try promises.send(Request(), to: ingress).status == 202)
            try disk.set([
                FaultyDisk.Rule(
                    call: call,
                    file: "/spool",
                    effect: .error(call == .write ? ENOSPC : EIO)
                )
            ])
            for _ in 1...2 { #expect(try promises.send(Request(), to: ingress).status == 503) }
            #expect(disk.hits > 0)
            try disk.heal()
            try stranger.unlock()
            try waitUntil("it to accept again") {
                // Whether it goes on or ends after a failed flush is its own business.
                let hasEnded = ingress.program.hasEnded
                let other = hasEnded ? try site.startIngress(under: disk.wrapper) : ingress
                return try promises.send(Request(), to: other).status == 202
            }
            try awaitKept(promises, site)
        }
    }
}

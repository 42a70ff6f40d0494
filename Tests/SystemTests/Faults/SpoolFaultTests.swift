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
            let ingress = try site.startIngress()
            try promises.send(Request(), to: ingress)
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let end = ContinuousClock.now + .seconds(Trials.isSoak ? 30 : 6)
            try await promises.load(ingress, clients: 4) { ContinuousClock.now > end }
            #expect(promises.refused == 0)
            #expect(promises.count > 1)
            #expect(try site.deliveries == 1)
            try stranger.unlock()
            try awaitKept(promises, site)
            #expect(try site.deliveries == promises.count)
        }
    }

    @Test
    func `killed while it spools, and killed while it imports, it loses nothing`() async throws {
        let seed = Trials.seed("SAMOVAR_KILL_SEED")
        print("killing the spooling ingress, SAMOVAR_KILL_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        try await Site.with(Self.settings) { site in
            let promises = Promises()
            let first = try site.startIngress()
            try promises.send(Request(), to: first)
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
                usleep(UInt32.random(in: 0...400_000, using: &random))
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
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
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
            let ingress = try site.startIngress()
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
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

    @Test(arguments: [FaultyDisk.Call.write, .sync])
    func `when store and spool both fail it is 503, never a false promise`(
        _ call: FaultyDisk.Call
    ) async throws {
        try await Site.with(Self.settings) { site in
            let disk = try FaultyDisk(of: site)
            let promises = Promises()
            let ingress = try site.startIngress(under: disk.wrapper)
            for _ in 1...10 { try promises.send(Request(), to: ingress) }
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

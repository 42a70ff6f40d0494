import Foundation
import Spawn
import TestSupport
import Testing

/// The power is cut: of all that was written, what was synced is there, and what was not may be.
@Suite
struct PowerCutTests {
    /// With a reader in, a checkpoint copies pages without a sync.
    ///
    /// The kernel reports a sync that failed once, and calls its pages clean. Whoever syncs next must have written them again.
    @Test
    func `pages of a checkpoint whose sync failed are written again before the log begins anew`()
        async throws
    {
        try await Site.with { site in
            let disk = try FaultyDisk(of: site)
            let recording = try DiskRecording(of: site, above: disk)
            let load = RecordedLoad(recording)
            let ingress = try site.startIngress(under: recording.wrapper)
            try load.send(60, to: ingress)
            let reader = try Shell(site.store)
            try reader.run("BEGIN")
            _ = try reader.strings("SELECT count(*) FROM delivery")
            // Enough for a checkpoint, which moves what the reader does not need and syncs nothing.
            try load.send(100, to: ingress)
            try reader.run("COMMIT")
            try disk.set([
                FaultyDisk.Rule(call: .sync, file: "queue.db", count: 1, effect: .error(EIO))
            ])
            try load.send(200, to: ingress) { ingress.program.hasEnded }
            #expect(disk.hits == 1)
            // The process that saw it writes no more, and the next one does what it could not.
            #expect(try ingress.program.awaitExit() == .code(69))
            let second = try site.startIngress(under: recording.wrapper)
            try load.send(400, to: second)
            second.program.killNow()
            try reader.close()
            try check(recording, load, in: site)
        }
    }

    /// Opens what was left at many moments with SQLite alone.
    private func check(_ recording: DiskRecording, _ load: RecordedLoad, in site: Site) throws {
        let seed = Trials.seed("SAMOVAR_SEED")
        var random = SeededRandom(seed: seed)
        let first = try #require(load.moments.min())
        let moments = try recording.notes().map(\.end).filter { $0 >= first }
        try #require(moments.count > 40)
        let chosen = (0..<40).map { _ in
            moments[Int.random(in: 0..<moments.count, using: &random)]
        }
        try recording.cut(at: chosen + moments.suffix(1)) { moment, disk in
            let kinds: [DiskRecording.Unsynced] = [
                .lost, .kept, .torn(seed: seed &+ UInt64(moment)),
            ]
            for unsynced in kinds {
                let name = "moment \(moment), \(unsynced), seed \(seed)"
                let promised = load.promised(by: moment)
                let (damage, lost) = try CutStore.look(at: disk.image(unsynced), promised, in: site)
                #expect(damage.isEmpty, "\(name)")
                #expect(lost.isEmpty, "\(lost.count) of \(promised.count) lost: \(name)")
            }
        }
    }
}

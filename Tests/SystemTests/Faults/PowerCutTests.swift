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
            let load = Load(recording)
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
            try load.check(cuts: 40, in: site)
        }
    }

    /// A process that was killed between the copy and the sync is no different.
    @Test
    func `power cuts at any moment under load lose nothing that was acknowledged`() async throws {
        let cuts = Trials.count("SAMOVAR_POWER_CUTS", usual: 60)
        try await Site.with { site in
            let recording = try DiskRecording(of: site)
            let load = Load(recording)
            for _ in 1...3 {
                let ingress = try site.startIngress(under: recording.wrapper)
                try load.send(150, to: ingress)
                ingress.program.killNow()
            }
            try load.check(cuts: cuts, in: site)
        }
    }
}

/// Deliveries that were acknowledged, each with the moment at which that was known.
private final class Load {
    private let recording: DiskRecording
    private var acknowledged: [(id: String, moment: Int)] = []

    init(_ recording: DiskRecording) {
        self.recording = recording
    }

    func send(
        _ count: Int,
        to ingress: RunningIngress,
        until isOver: () -> Bool = { false }
    ) throws {
        for _ in 0..<count where !isOver() {
            let body = Data(
                "{\"id\":\"\(Request.freshID())\",\"n\":\"\(String(repeating: "x", count: 12_000))\"}"
                    .utf8
            )
            let request = Request(body: body)
            guard let reply = try? ingress.send(request), let id = request.id else { continue }
            if reply.status == 202 { acknowledged.append((id, try recording.moment)) }
        }
    }

    /// Opens what was left at many moments with SQLite alone.
    func check(cuts: Int, in site: Site) throws {
        let seed = Trials.seed("SAMOVAR_SEED")
        var random = SeededRandom(seed: seed)
        let moments = try recording.moments()
        try #require(moments.count > cuts)
        let chosen = (0..<cuts).map { _ in
            moments[Int.random(in: 0..<moments.count, using: &random)]
        }
        try recording.cut(at: chosen + moments.suffix(1)) { moment, disk in
            let kinds: [DiskRecording.Unsynced] = [
                .lost, .kept, .torn(seed: seed &+ UInt64(moment)),
            ]
            for unsynced in kinds {
                let name = "moment \(moment), \(unsynced), seed \(seed)"
                try check(disk.image(unsynced), at: moment, in: site, name)
            }
        }
    }

    private func check(
        _ image: [String: Data],
        at moment: Int,
        in site: Site,
        _ name: String
    ) throws {
        let folder = site.path("image")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // the site's folder goes too
        for file in ["queue.db", "queue.db-wal"] {
            try image[file]?.write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
        }
        let promised = acknowledged.filter { $0.moment <= moment }.map(\.id)
        guard !promised.isEmpty else { return }
        let store = try Shell("\(folder)/queue.db")
        let answer = try store.strings("PRAGMA integrity_check")
        #expect(answer == ["ok"], "\(name)")
        let stored = try Set(store.strings("SELECT delivery_id FROM delivery"))
        let lost = promised.filter { !stored.contains($0) }
        #expect(lost.isEmpty, "\(lost.count) of \(promised.count) lost: \(name)")
        try store.close()
    }
}

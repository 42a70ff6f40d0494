import Foundation
import TestSupport
import Testing

/// The power is cut at every kind of moment while ingress and worker are at work, and what is left is
/// opened with SQLite alone, and by the ingress.
///
/// `SAMOVAR_CUT_ROUNDS` sets the number of sites, `SAMOVAR_POWER_CUTS` that of cuts in each.
@Suite
struct PowerCutTortureTests {
    @Test(arguments: [false, true])
    func `power cuts at any moment under load lose nothing that was acknowledged`(
        hasSpool: Bool
    ) async throws {
        let rounds = Trials.count("SAMOVAR_CUT_ROUNDS", usual: 1)
        let cuts = Trials.count("SAMOVAR_POWER_CUTS", usual: 25)
        try await TortureStep.run(hasSpool ? "power cuts, with a spool" : "power cuts") { step in
            for round in 1...rounds {
                let trial = PowerCutRound(
                    step: step,
                    seed: step.seed &+ UInt64(round),
                    hasSpool: hasSpool
                )
                try await trial.run(cuts: cuts)
            }
        }
    }
}

/// One site, recorded through two lives of its programs, then cut at many moments.
private struct PowerCutRound {
    let step: TortureStep
    let seed: UInt64
    let hasSpool: Bool

    /// With small deliveries several checkpoints.
    private static let acknowledgements = 150

    private var settings: SiteSettings {
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            options: ["concurrency: 8", "retry: { base: 10ms }"],
            route: ["lane: ref"]
        )
        return SiteSettings(ingress: hasSpool ? ["spool: spool"] : [], handlers: [note])
    }

    func run(cuts: Int) async throws {
        try await Site.with(settings) { site in
            try site.script("note", "echo $SAMOVAR_TOKEN >> ran")
            let recording = try DiskRecording(of: site)
            let load = RecordedLoad(recording)
            for _ in 1...2 { try await live(site, recording, load) }
            step.noteAcknowledged(load.count)
            try cutThePower(cuts, recording, load, site)
        }
    }

    /// Starts both programs, loads them, and kills them in the middle of it.
    private func live(_ site: Site, _ recording: DiskRecording, _ load: RecordedLoad) async throws {
        let ingress = try site.startIngress(under: recording.wrapper).awaitReady()
        let worker = try site.start(Binaries.worker, under: recording.wrapper)
        try worker.awaitLine("working")
        let enough = load.count + Self.acknowledgements
        async let sending: Void = load.keepSending(to: ingress, clients: 4)
        defer {
            ingress.program.killNow()
            worker.killNow()
        }
        if hasSpool {
            try waitUntil("a part of the load") {
                load.count >= enough - Self.acknowledgements * 2 / 3
            }
            // It writes nothing, and is never the last one to close the store.
            let stranger = try Stranger(site.store)
            try stranger.lock()
            try waitUntil("deliveries in the spool") {
                load.count >= enough - Self.acknowledgements / 3
            }
            try stranger.unlock()
        }
        try waitUntil("\(enough) acknowledgements") { load.count >= enough }
        ingress.program.killNow()
        worker.killNow()
        try await sending
    }

    // MARK: Cuts

    private func cutThePower(
        _ cuts: Int,
        _ recording: DiskRecording,
        _ load: RecordedLoad,
        _ site: Site
    ) throws {
        var random = SeededRandom(seed: seed)
        let groups = try moments(recording, load)
        let chosen = (0..<cuts).map { number in
            let group = groups[number % groups.count]
            return group[Int.random(in: 0..<group.count, using: &random)]
        }
        var number = 0
        try recording.cut(at: chosen) { moment, disk in
            let kinds: [DiskRecording.Unsynced] = [
                .lost, .kept, .torn(seed: seed &+ UInt64(moment)),
            ]
            for unsynced in kinds {
                let name = "moment \(moment), \(unsynced), seed \(seed)"
                let image = disk.image(unsynced)
                let promised = load.promised(by: moment)
                let (damage, lost) = try CutStore.look(at: image, promised, in: site)
                for answer in damage { step.find("\(answer): \(name)") }
                step.noteLost(lost, name)
                number += 1
                // A start takes a second.
                if hasSpool, number % 10 == 0 {
                    try start(from: image, promised, in: site, name)
                }
                step.noteTrial()
            }
        }
    }

    /// Moments of the same kind, from the first acknowledgement on: before it there may be no store.
    private func moments(_ recording: DiskRecording, _ load: RecordedLoad) throws -> [[Int]] {
        var (writes, begins, ends, others): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
        for note in try recording.notes() {
            switch note.kind {
            case .write: writes.append(note.end)
            case .syncBegins: begins.append(note.end)
            case .synced, .syncFailed: ends.append(note.end)
            case .truncate, .unlink: others.append(note.end)
            }
        }
        let first = try #require(load.moments.min())
        return [writes, begins, ends, others, load.moments]
            .map { moments in moments.filter { $0 >= first } }
            .filter { !$0.isEmpty }
    }

    /// Starts the ingress on it, which brings what is in the spool into the store.
    private func start(
        from image: [String: Data],
        _ promised: [String],
        in site: Site,
        _ name: String
    ) throws {
        let folder = site.path("started")
        defer { try? FileManager.default.removeItem(atPath: folder) }  // the site's folder goes too
        try CutStore.write(image, to: folder)
        try site.write(settings.yaml, to: "started/samovar.yaml")
        try site.write("s3cret", to: "started/test.secret", mode: 0o600)
        let program = try site.run([
            Binaries.ingress, "--config", "\(folder)/samovar.yaml",
        ])
        defer { program.killNow() }
        let reader = StoreReader(path: "\(folder)/queue.db")
        do {
            try RunningIngress(program).awaitReady()
            try waitUntil("what was promised to be in the store") {
                let stored = try Set(reader.texts("SELECT delivery_id FROM delivery"))
                return stored.isSuperset(of: promised)
            }
        } catch let error as WaitedInVain {
            let stored = try Set(reader.texts("SELECT delivery_id FROM delivery"))
            step.noteLost(promised.filter { !stored.contains($0) }, "\(name): \(error)")
        }
    }
}

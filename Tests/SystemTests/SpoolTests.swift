import Foundation
import GRDB
import Gitea
import Spawn
import TestSupport
import Testing

/// The ingress while the store takes nothing: what it answers 2xx is in the spool, and in the store
/// when that is back.
@Suite
struct SpoolTests {
    private static let spooling = SiteSettings(ingress: ["spool: spool"])

    private func withSite(
        _ settings: SiteSettings = spooling,
        _ body: (Site) async throws -> Void
    ) async throws {
        try await Site.with(settings, body)
    }

    /// Sends a delivery that must go to the spool.
    private func spool(_ request: Request, to ingress: RunningIngress) throws {
        let reply = try ingress.send(request)
        #expect(reply.status == 202)
        let id = try #require(request.id)
        #expect(
            reply.text == #"{"status":"accepted","delivery":"\#(id)","durable":"spool"}"# + "\n"
        )
    }

    private func ids(in site: Site) throws -> [String] {
        try site.reader.texts("SELECT delivery_id FROM delivery ORDER BY seq")
    }

    /// Waits until the spool's file holds nothing but its header.
    private func awaitEmptySpool(of site: Site) throws {
        try waitUntil("the spool to be empty") { spoolLength(of: site) == 64 }
    }

    private func spoolLength(of site: Site) -> Int {
        let size = try? FileManager.default.attributesOfItem(atPath: site.path("spool"))[.size]
        return (size as? NSNumber)?.intValue ?? 0
    }

    // MARK: Detours

    @Test
    func `while the store is locked deliveries are spooled, then imported in order and run`()
        async throws
    {
        let note = SiteSettings.Handler(
            name: "note",
            command: ["note"],
            route: ["lane: repository"]
        )
        let settings = SiteSettings(ingress: ["spool: spool"], handlers: [note])
        try await withSite(settings) { site in
            try site.script("note", "echo $SAMOVAR_DELIVERY >> noted")
            let ingress = try site.startIngress()
            try site.startWorker()
            let before = Request()
            try ingress.keep(before)
            try site.awaitQuiet()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let spooled = (1...20).map { _ in Request() }
            for request in spooled { try spool(request, to: ingress) }
            try ingress.program.awaitLine("the store takes no deliveries")
            #expect(try site.deliveries == 1)
            try stranger.unlock()
            let line = try ingress.program.awaitLine("spooled=20")
            #expect(line.contains("the store takes deliveries again"))
            #expect(line.contains("imported=20"))
            let after = Request()
            try ingress.keep(after)
            let all = ([before] + spooled + [after]).compactMap(\.id)
            #expect(try ids(in: site) == all)
            try site.awaitQuiet()
            #expect(site.lines("noted") == all)
            #expect(try site.reader.number("SELECT count(*) FROM delivery_repeat") == 0)
            try awaitEmptySpool(of: site)
        }
    }

    @Test
    func `readyz says that only the spool works, and why`() async throws {
        try await withSite { site in
            let ingress = try site.startIngress().awaitReady()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            try spool(Request(), to: ingress)
            let reply = try ingress.health("/readyz")
            #expect(reply.status == 200)
            #expect(reply.text.contains(#""durable":"spool","reason":"#))
            try stranger.unlock()
            try ingress.awaitReady()
            try awaitEmptySpool(of: site)
        }
    }

    @Test
    func `a process that was stopped while it had the turn holds nobody up`() async throws {
        try await withSite { site in
            let ingress = try site.startIngress()
            try ingress.keep(Request())
            // What a stopped process does: it has the turn and never passes it on.
            let holder = try site.start("ignored", under: holderOfTurn(site))
            try holder.awaitLine("held")
            let request = Request()
            try spool(request, to: ingress)
            #expect(try site.deliveries == 1)
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            holder.killNow()
            let next = try site.startIngress()
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site).last == request.id)
            try next.keep(Request())
        }
    }

    /// A program that takes the turn and keeps it.
    private func holderOfTurn(_ site: Site) -> [String] {
        [
            "/usr/bin/flock", "\(site.store).turn", "/bin/sh", "-c",
            "echo held; exec sleep 600", "sh",
        ]
    }

    // MARK: The same id

    @Test
    func `one id spooled twice is one delivery, and other bytes are an incident and kept`()
        async throws
    {
        try await withSite { site in
            let ingress = try site.startIngress().awaitReady()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let first = Request()
            let id = try #require(first.id)
            let other = Request(id: id)
            for request in [first, first, other] { try spool(request, to: ingress) }
            try stranger.unlock()
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site) == [id])
            #expect(
                try site.reader.rows("SELECT body FROM delivery").first?["body"] == first.body
            )
            #expect(try site.reader.number("SELECT count(*) FROM delivery_repeat") == 0)
            let incidents = try site.reader.texts("SELECT kind || subject FROM incident")
            #expect(incidents == ["delivery_conflict" + id])
            try ingress.program.awaitLine("a spooled delivery was refused delivery.id=\(id)")
            let kept = try Data(contentsOf: URL(fileURLWithPath: site.path("spool.refused")))
            #expect(kept.range(of: other.body) != nil)
        }
    }

    // MARK: Kills

    @Test
    func `killed after the spool's sync and before the answer, the delivery is stored once`()
        async throws
    {
        try await withSite { site in
            let first = try site.startIngress()
            try first.keep(Request())
            first.program.killNow()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let doomed = try site.startIngress(fault: "spooled:kill")
            let request = Request()
            let connection = try doomed.connect()
            try connection.send(request.bytes)
            #expect(throws: (any Error).self) { try connection.reply() }
            #expect(try doomed.program.awaitExit() == .signal(SIGKILL))
            try stranger.unlock()
            let ingress = try site.startIngress()
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site).last == request.id)
            try ingress.awaitReady()
            let status = try waitFor("the store's answer") { () -> Int? in
                let reply = try ingress.send(request)
                return reply.text.contains(#""durable":"spool""#) ? nil : reply.status
            }
            #expect(status == 200)
        }
    }

    @Test
    func `killed after the import's commit, the next import finds everything there`() async throws {
        try await withSite { site in
            let doomed = try site.startIngress(fault: "imported:kill").awaitReady()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let requests = (1...5).map { _ in Request() }
            for request in requests { try spool(request, to: doomed) }
            try stranger.unlock()
            #expect(try doomed.program.awaitExit() == .signal(SIGKILL))
            #expect(try ids(in: site) == requests.compactMap(\.id))
            #expect(spoolLength(of: site) > 64)
            let ingress = try site.startIngress()
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site) == requests.compactMap(\.id))
            #expect(try site.reader.number("SELECT count(*) FROM delivery_repeat") == 0)
            try ingress.keep(Request())
        }
    }

    @Test
    func `killed at any moment of a detour, nothing that was acknowledged is lost`() async throws {
        // When it is gone another test's ingress may get its port: that refuses this signature.
        let secret = Request.freshID()
        let settings = SiteSettings(secrets: [("test", secret)], ingress: ["spool: spool"])
        let key = SigningKey(id: "test", key: Array(secret.utf8))
        let seed = Trials.seed("SAMOVAR_KILL_SEED")
        try await withSite(settings) { site in
            var acknowledged: [String] = []
            try site.startIngress().awaitReady().program.killNow()
            for round in 1...4 {
                let stranger = try Stranger(site.store)
                try stranger.lock()
                let ingress = try site.startIngress()
                let killer = Thread {
                    var random = SeededRandom(seed: seed &+ UInt64(round))
                    Trials.passTime(upTo: .milliseconds(200), &random)
                    ingress.program.signal(SIGKILL)
                }
                let before = acknowledged.count
                // Until it is gone.
                while let connection = try? ingress.connect() {
                    let request = Request(key: key)
                    try? connection.send(request.bytes)
                    guard let reply = try? connection.reply(), reply.status != 401 else { break }
                    #expect(reply.status == 202)
                    acknowledged.append(try #require(request.id))
                    // The detour has begun.
                    if acknowledged.count == before + 1 { killer.start() }
                }
                try ingress.program.awaitExit()
                try stranger.unlock()
                let next = try site.startIngress()
                try awaitEmptySpool(of: site)
                let stored = try ids(in: site)
                #expect(Set(acknowledged).subtracting(stored) == [], "round \(round), seed \(seed)")
                #expect(stored.filter(acknowledged.contains) == acknowledged, "round \(round)")
                next.program.killNow()
            }
        }
    }

    @Test
    func `a torn append is cut off, reported, and an incident`() async throws {
        try await withSite { site in
            let first = try site.startIngress().awaitReady()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let request = Request()
            try spool(request, to: first)
            first.program.killNow()
            let file = try FileHandle(
                forWritingTo: URL(fileURLWithPath: site.path("spool"))
            )
            try file.seekToEnd()
            try file.write(contentsOf: Data([0xF5, 0x53, 0x50]))
            try file.close()
            try stranger.unlock()
            let ingress = try site.startIngress()
            try ingress.program.awaitLine("an append to the spool was cut short")
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site) == [request.id])
            try waitUntil("the incident") {
                try site.reader.texts("SELECT kind FROM incident WHERE kind <> 'ingress_down'")
                    == ["spool_torn"]
            }
        }
    }

    // MARK: Bounds and bad input

    @Test
    func `a full spool is 503, and what it holds is imported`() async throws {
        let settings = SiteSettings(ingress: ["spool: { file: spool, max_size: 1MiB }"])
        try await withSite(settings) { site in
            let ingress = try site.startIngress().awaitReady()
            let stranger = try Stranger(site.store)
            try stranger.lock()
            var spooled: [String] = []
            var refusals = 0
            for _ in 1...6 {
                let padding = String(repeating: "x", count: 300 << 10)
                let request = Request(body: Data(#"{"padding":"\#(padding)"}"#.utf8))
                let reply = try ingress.send(request)
                if reply.status == 202 {
                    spooled.append(try #require(request.id))
                } else {
                    #expect(reply.status == 503)
                    #expect(reply.text.contains("the spool is full"))
                    refusals += 1
                }
            }
            #expect(spooled.count == 3)
            #expect(refusals == 3)
            try stranger.unlock()
            try awaitEmptySpool(of: site)
            #expect(try ids(in: site) == spooled)
            try ingress.keep(Request())
        }
    }

    @Test
    func `while a full spool is imported, what is new is stored between its batches`() async throws
    {
        let settings = SiteSettings(ingress: ["spool: { file: spool, max_size: 20MiB }"])
        try await withSite(settings) { site in
            let disk = try FaultyDisk(of: site)
            let ingress = try site.startIngress(under: disk.wrapper)
            try ingress.keep(Request())
            var kept: [String] = []
            // On a loaded machine the import may be over too soon: then with another full spool.
            for _ in 1...5 {
                let stranger = try Stranger(site.store)
                try stranger.lock()
                kept += try fillSpool(of: ingress)
                // Each commit takes its time, so that the import does.
                try disk.set([
                    FaultyDisk.Rule(
                        call: .sync,
                        file: "queue.db-wal",
                        effect: .delay(milliseconds: 100)
                    )
                ])
                try stranger.unlock()
                // It fits nowhere but in the store, and waits for one batch of the import at most.
                let stored = try waitFor("a place in the store") { () -> Int? in
                    let request = Self.large()
                    let reply = try ingress.send(request)
                    if reply.status == 202 { kept.append(try #require(request.id)) }
                    return reply.text.contains(#""seq":"#) ? try Stored(reply).seq : nil
                }
                try disk.heal()
                try awaitEmptySpool(of: site)
                try ingress.awaitSettled()
                #expect(try Set(kept).subtracting(ids(in: site)) == [])
                let last = try #require(try site.reader.number("SELECT max(seq) FROM delivery"))
                if last > stored { return }
            }
            Issue.record("what was new was never stored before the import's last batch")
        }
    }

    /// A megabyte.
    private static func large() -> Request {
        let padding = String(repeating: "x", count: 1 << 20)
        return Request(body: Data(#"{"padding":"\#(padding)"}"#.utf8))
    }

    /// Spools until nothing more fits.
    ///
    /// - Returns: the ids of what did.
    private func fillSpool(of ingress: RunningIngress) throws -> [String] {
        var spooled: [String] = []
        try waitUntil("the spool to be full") {
            let request = Self.large()
            let reply = try ingress.send(request)
            if reply.status == 202 { spooled.append(try #require(request.id)) }
            return reply.text.contains("the spool is full")
        }
        #expect(spooled.count > 8)
        return spooled
    }

    @Test(arguments: ["missing/spool", "queue.secret/spool", "test.secret"])
    func `a spool that cannot be used is a clear error at the first start`(
        _ file: String
    ) async throws {
        try await withSite(SiteSettings(ingress: ["spool: \(file)"])) { site in
            let ingress = try site.start(Binaries.ingress)
            #expect(try ingress.awaitExit() == .code(69))
            #expect(ingress.output.contains("spool"))
            #expect(ingress.output.contains("ingress.spool"))
        }
    }

    @Test
    func `a spool that is missing with its disk does not keep a store that works from serving`()
        async throws
    {
        try await withSite(SiteSettings(ingress: ["spool: disk/spool"])) { site in
            let (disk, away) = (site.path("disk"), site.path("away"))
            let files = FileManager.default
            try files.createDirectory(atPath: disk, withIntermediateDirectories: false)
            let first = try site.startIngress()
            try first.keep(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let spooled = Request()
            try spool(spooled, to: first)
            first.program.killNow()
            try stranger.unlock()
            try files.moveItem(atPath: disk, toPath: away)
            let second = try site.startIngress()
            let line = try second.program.awaitLine("serving without the spool")
            #expect(line.contains("hint="))
            try second.awaitReady()
            try second.accept(Request())
            try second.awaitReady()
            #expect(try second.health("/metrics").text.contains("\nsamovar_spool_broken 1\n"))
            second.program.killNow()
            try files.moveItem(atPath: away, toPath: disk)
            let third = try site.startIngress()
            try third.program.awaitLine("listening")
            try waitUntil("the import") { try ids(in: site).contains(spooled.id ?? "") }
        }
    }

    @Test
    func `a spool of another process is a clear error at the start`() async throws {
        try await withSite { site in
            let first = try site.startIngress()
            let second = try site.start(Binaries.ingress)
            #expect(try second.awaitExit() == .code(69))
            #expect(second.output.contains("is used by another process"))
            try first.keep(Request())
        }
    }

    // MARK: Without a store

    @Test
    func `it starts and serves while the store cannot be opened, and imports when it can`()
        async throws
    {
        try await withSite { site in
            // A folder in the store's place cannot be opened by anybody, root included.
            try FileManager.default.createDirectory(
                atPath: site.store,
                withIntermediateDirectories: false
            )
            let ingress = try site.startIngress()
            let request = Request()
            try spool(request, to: ingress)
            #expect(try ingress.health("/readyz").status == 200)
            try FileManager.default.removeItem(atPath: site.store)
            try ingress.program.awaitLine("the store takes deliveries again")
            #expect(try ids(in: site) == [request.id])
            try ingress.keep(Request())
        }
    }

    @Test
    func `a store that is missing is waited for, not made anew`() async throws {
        try await withSite { site in
            let first = try site.startIngress()
            let old = Request()
            try first.keep(old)
            first.program.signal(SIGTERM)
            try first.program.awaitExit()
            // As if its disk were not mounted.
            try FileManager.default.moveItem(atPath: site.store, toPath: site.path("away"))
            let second = try site.startIngress()
            let request = Request()
            try spool(request, to: second)
            #expect(!FileManager.default.fileExists(atPath: site.store))
            try FileManager.default.moveItem(atPath: site.path("away"), toPath: site.store)
            try second.program.awaitLine("the store takes deliveries again")
            #expect(try ids(in: site) == [old.id, request.id])
        }
    }

    @Test
    func `what was spooled for one store is not imported into another`() async throws {
        try await withSite { site in
            let first = try site.startIngress()
            try first.keep(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            try spool(Request(), to: first)
            first.program.killNow()
            try stranger.unlock()
            for suffix in ["", "-wal", "-shm", ".turn"] {
                try? FileManager.default.moveItem(
                    atPath: site.store + suffix,
                    toPath: site.path("away") + suffix
                )
            }
            // Somebody makes another store there.
            let worker = try site.startWorker()
            worker.signal(SIGTERM)
            try worker.awaitExit()
            let second = try site.startIngress()
            try spool(Request(), to: second)
            try second.program.awaitLine("holds deliveries of store")
            #expect(try site.deliveries == 0)
        }
    }

    // MARK: What people see

    @Test
    func `status, doctor and check tell of the spool`() async throws {
        try await withSite { site in
            let ingress = try site.startIngress()
            try ingress.keep(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            try spool(Request(), to: ingress)
            ingress.program.killNow()
            try stranger.unlock()
            for (command, text) in [
                ("status", "1 delivery ("), ("doctor", "1 delivery ("),
                ("check", "on the same device as the store"),
            ] {
                let run = try site.start(command, under: [Binaries.samovar])
                try run.awaitExit()
                #expect(run.output.contains(text), "\(command): \(run.output)")
            }
        }
    }
}

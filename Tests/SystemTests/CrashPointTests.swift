import Foundation
import GRDB
import QueueCore
import Spawn
import TestSupport
import Testing

/// The programs are killed in the worst places: they kill themselves there (`FaultPoint`).
@Suite
struct CrashPointTests {
    private static let note = SiteSettings(handlers: [
        SiteSettings.Handler(name: "note", command: ["note"], options: ["retry: { base: 10ms }"])
    ])

    @Test
    func `killed after the commit and before the answer, the delivery is stored once`()
        async throws
    {
        try await Site.with { site in
            let doomed = try site.startIngress(fault: "accepted:kill")
            let request = Request()
            let connection = try doomed.connect()
            try connection.send(request.bytes)
            #expect(throws: (any Error).self) { try connection.reply() }
            #expect(try doomed.program.awaitExit() == .signal(SIGKILL))
            // Its sender does not know; Gitea would not ask again, a person might.
            let reply = try site.startIngress().send(request)
            #expect(reply.status == 200)
            #expect(try Stored(reply).status == "duplicate")
            #expect(try site.deliveries == 1)
        }
    }

    @Test
    func `killed after the handler and before its outcome, the job runs once more`() async throws {
        try await Site.with(Self.note) { site in
            try site.script("note", "echo $SAMOVAR_TOKEN >> begun")
            let ingress = try site.startIngress()
            let doomed = try site.startWorker(fault: "ended:kill")
            let delivery = try ingress.accept(Request())
            #expect(try doomed.awaitExit() == .signal(SIGKILL))
            try site.startWorker()
            try site.awaitState("done", ofJobOf: delivery)
            #expect(site.lines("begun") == ["1.1", "1.2"])
            #expect(try site.outcomes(of: delivery) == ["lost", "done"])
            let job = try #require(try site.reader.rows("SELECT * FROM job").first)
            #expect(job["losses"] == 1)
            #expect(job["failures"] == 0)
        }
    }

    @Test(arguments: [1, 2])
    func `killed inside a migration, the next start finishes it`(number: Int) async throws {
        try await Site.with(Self.note) { site in
            let doomed = try site.start(Binaries.worker, fault: "migrating:kill:\(number)")
            #expect(try doomed.awaitExit() == .signal(SIGKILL))
            let applied = (try? site.reader.number("SELECT count(*) FROM migration")) ?? 0
            #expect(applied == number - 1)
            try site.script("note", "true")
            try site.startWorker()
            let delivery = try site.startIngress().accept(Request())
            try site.awaitState("done", ofJobOf: delivery)
        }
    }

    @Test
    func `killed while pruning, nothing is half removed, and the next one finishes`() async throws {
        try await Site.with { site in
            // Done more than a year ago, so that all of it may go (but the deliveries themselves,
            // which are samples of one day).
            let then = Clocks.system.now() + .seconds(-400 * 86_400)
            let clock = TestClock(bootID: "then", now: then)
            let store = try SQLiteStore(path: site.store, clocks: clock.clocks)
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            _ = try await queue.add((1...30).map { _ in .sample() })
            for job in try await queue.claim() { try await queue.end(job.token, .done) }
            // The store sees the year pass: a clock that jumped would make nothing old.
            clock.advance(by: .seconds(400 * 86_400))
            _ = try await queue.claim()
            try await store.close()

            let prune = { fault in try site.start("prune", under: [Binaries.samovar], fault: fault)
            }
            let before = try site.reader.number("SELECT count(*) FROM attempt")
            let doomed = try prune("pruning:kill")
            #expect(try doomed.awaitExit() == .signal(SIGKILL))
            #expect(try site.reader.number("SELECT count(*) FROM attempt") == before)
            #expect(try site.reader.number("SELECT pruned_jobs FROM store") == 0)
            try checkSoundness(ofStoreAt: site.store)
            let second = try prune(nil)
            #expect(try second.awaitExit() == .code(0))
            #expect(try site.reader.number("SELECT pruned_jobs FROM store") == 30)
            #expect(try site.reader.number("SELECT count(*) FROM attempt") == 0)
            #expect(try site.reader.number("SELECT count(body) FROM delivery") == 0)
        }
    }

    // MARK: Poison

    @Test
    func `a delivery that takes three workers down is dead, and its neighbours are not`()
        async throws
    {
        try await Site.with(Self.note) { site in
            try site.script("note", "true")
            let ingress = try site.startIngress()
            let before = try ingress.accept(Request())
            let poison = Request()
            let poisoned = try ingress.accept(poison)
            let after = try ingress.accept(Request())
            let fault = "routing:kill:\(try #require(poison.id))"
            for _ in 1...3 {
                let worker = try site.start(Binaries.worker, fault: fault)
                #expect(try worker.awaitExit() == .signal(SIGKILL))
            }
            try site.startWorker(fault: fault)
            try site.awaitQuiet()
            let verdicts = try site.reader.texts("SELECT verdict FROM routing ORDER BY delivery")
            #expect(verdicts == ["routed", "dead", "routed"])
            let row = try #require(
                try site.reader.rows("SELECT * FROM routing WHERE delivery = ?", [poisoned]).first
            )
            #expect(row["reason"] == "poison: 3 workers died while routing it")
            #expect(row["tries"] == 3)
            for neighbour in [before, after] {
                // A worker that went down may have taken its job with it.
                #expect(try site.outcomes(of: neighbour).last == "done")
            }
        }
    }

    @Test
    func `a worker that is killed while it waits blames no delivery`() async throws {
        try await Site.with(Self.note) { site in
            try site.script("note", "true")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let first = try ingress.accept(Request())
            try site.awaitState("done", ofJobOf: first)
            worker.killNow()
            let second = try ingress.accept(Request())
            try site.startWorker()
            try site.awaitState("done", ofJobOf: second)
            #expect(try site.reader.number("SELECT max(tries) FROM routing") == 0)
        }
    }

    // MARK: Workers that come late

    private static func slow(_ name: String) -> SiteSettings {
        var settings = SiteSettings(handlers: [
            SiteSettings.Handler(name: name, command: [name], options: ["retry: { base: 10ms }"])
        ])
        settings.worker = ["slots: 8", "lease: 5s"]
        return settings
    }

    @Test
    func `a worker that was stopped past its lease finds its outcome refused`() async throws {
        try await Site.with(Self.slow("quick")) { site in
            try site.script("quick", "echo $SAMOVAR_TOKEN >> begun")
            let ingress = try site.startIngress()
            let late = try site.startWorker(fault: "ended:stop")
            let delivery = try ingress.accept(Request())
            try waitUntil("the first attempt") { site.lines("begun") == ["1.1"] }
            let second = try site.startWorker()
            try second.awaitLine("attempt lost")
            try site.awaitState("done", ofJobOf: delivery)
            late.signal(SIGCONT)
            try late.awaitLine("outcome refused: another attempt stands")
            #expect(site.lines("begun") == ["1.1", "1.2"])
            #expect(try site.outcomes(of: delivery) == ["lost", "done"])
            // Its worker was late, not dead: that is no loss in the sense of quarantine.
            #expect(try site.reader.number("SELECT losses FROM job") == 0)
        }
    }

    @Test
    func `a worker that was stopped between claim and start starts nothing past its lease`()
        async throws
    {
        try await Site.with(Self.slow("quick")) { site in
            try site.script("quick", "echo $SAMOVAR_TOKEN >> begun")
            let ingress = try site.startIngress()
            let late = try site.startWorker(fault: "claimed:stop")
            let delivery = try ingress.accept(Request())
            try site.awaitState("leased", ofJobOf: delivery)
            let second = try site.startWorker()
            try second.awaitLine("attempt lost")
            try site.awaitState("done", ofJobOf: delivery)
            late.signal(SIGCONT)
            try late.awaitLine("lease lost")
            #expect(site.lines("begun") == ["1.2"])
        }
    }

    @Test
    func `a worker that was stopped past its lease stops its handler when it goes on`()
        async throws
    {
        try await Site.with(Self.slow("long")) { site in
            // The second attempt waits for a file, so that both attempts could meet.
            try site.script(
                "long",
                """
                echo $$ >> pids
                echo $SAMOVAR_TOKEN >> begun
                if [ $SAMOVAR_ATTEMPT = 1 ]; then sleep 600; fi
                until [ -e go ]; do sleep 0.01; done
                """
            )
            let ingress = try site.startIngress()
            // Not before the handler runs: leases are looked after all the time.
            let late = try site.start(
                Binaries.worker,
                fault: "renewing:stop",
                environment: ["SAMOVAR_FAULT_WHEN": site.path("armed")]
            )
            try late.awaitLine("working")
            let delivery = try ingress.accept(Request())
            try waitUntil("the first attempt") { site.lines("begun") == ["1.1"] }
            try site.write("", to: "armed")
            let second = try site.startWorker()
            try second.awaitLine("attempt lost")
            try waitUntil("the second attempt") { site.lines("begun") == ["1.1", "1.2"] }
            let first = try #require(site.lines("pids").first.flatMap { Int32($0) })
            #expect(!Processes.exists(first))
            late.signal(SIGCONT)
            try late.awaitLine("lease lost, killing the handler")
            try site.write("", to: "go")
            try site.awaitState("done", ofJobOf: delivery)
            #expect(try site.outcomes(of: delivery) == ["lost", "done"])
            // One loss is one line.
            late.signal(SIGTERM)
            try late.awaitExit()
            #expect(!late.output.contains("outcome refused"))
        }
    }
}

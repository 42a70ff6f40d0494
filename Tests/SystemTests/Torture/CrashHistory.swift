import Foundation
import Spawn
import TestSupport
import Testing

/// An ingress and several workers, and what happens to them until they are left in peace.
final class CrashHistory {
    static let workersMost = 4

    /// All but the last have one attempt: nothing that happens to workers may cost it.
    static let handlers = [
        handler("once", limit: 3, lane: "none"),
        handler("laned", limit: 8, lane: "ref"),
        handler("single", limit: 1, lane: "none"),
        handler("flaky", limit: 2, lane: "repository", attempts: 20),
    ]

    private static func handler(
        _ name: String,
        limit: Int,
        lane: String,
        attempts: Int = 1
    ) -> SiteSettings.Handler {
        SiteSettings.Handler(
            name: name,
            command: ["job", name, "\(limit)", lane],
            options: [
                "concurrency: \(limit)", "stdin: payload",
                "retry: { attempts: \(attempts), base: 20ms, cap: 100ms }",
            ],
            route: ["lane: \(lane)"]
        )
    }

    static func settings(hasSpool: Bool) -> SiteSettings {
        SiteSettings(
            ingress: hasSpool ? ["spool: spool"] : [],
            worker: ["slots: 4", "lease: 1s", "shutdown_grace: 1s"],
            handlers: handlers
        )
    }

    let site: Site
    let promises = Promises()
    /// What must not be.
    private(set) var findings: [String] = []
    private let settings: SiteSettings
    private let clock: SteppedClock
    private let later = LaterActions()
    private var ingress: RunningIngress
    private var workers: [RunningProgram] = []
    /// Were told to end.
    private var leaving: [RunningProgram] = []
    private var reloads = 0

    /// Starts the programs.
    init(_ site: Site, _ settings: SiteSettings, workers count: Int) throws {
        self.site = site
        self.settings = settings
        clock = try SteppedClock(of: site)
        try CrashHandler.write(in: site)
        ingress = try site.startIngress(under: clock.wrapper).awaitReady()
        for _ in 0..<count { workers.append(try startWorker()) }
    }

    func find(_ finding: String) {
        findings.append(finding)
    }

    func perform(_ operation: CrashOperation) async throws {
        try replaceEnded()
        switch operation {
        case .send(let count, let lane):
            try await Self.send(count, lane: lane, promises, to: ingress)
        case .killIngress(let count, let microseconds):
            let (told, doomed) = (promises, ingress)
            async let sending: Void = CrashHistory.send(count, lane: 1, told, to: doomed)
            usleep(UInt32(microseconds))
            doomed.program.killNow()
            try await sending
            ingress = try startIngress()
        case .killWorker(let number):
            worker(number).killNow()
            workers[number % workers.count] = try startWorker()
        case .stopWorker(let number, let milliseconds):
            let stopped = worker(number)
            stopped.signal(SIGSTOP)
            later.run(after: milliseconds) { stopped.signal(SIGCONT) }
        case .endWorker(let number):
            worker(number).signal(SIGTERM)
            leaving.append(worker(number))
            workers[number % workers.count] = try startWorker()
        case .reload(let number):
            reloads += 1
            try site.write(settings.yaml + "# \(reloads)\n", to: "samovar.yaml.new")
            try #require(unsafe rename(site.path("samovar.yaml.new"), site.configuration) == 0)
            worker(number).signal(SIGHUP)
        case .command(let wish): try command(wish)
        case .shell(let wish): try shell(wish)
        case .setClock(let seconds): try clock.set(ahead: seconds)
        case .stallStore(let milliseconds):
            let stranger = try Stranger(site.store)
            try stranger.lock()
            later.run(after: milliseconds) {
                _ = try? stranger.unlock()  // closing it, which comes next, does the same
            }
        case .rest(let milliseconds): usleep(UInt32(milliseconds) * 1000)
        }
    }

    private func worker(_ number: Int) -> RunningProgram {
        workers[number % workers.count]
    }
}

// MARK: Programs

extension CrashHistory {
    /// Not waited for: what comes next may meet it anywhere.
    private func startWorker() throws -> RunningProgram {
        try site.start(Binaries.worker, under: clock.wrapper)
    }

    /// A store that is held for long may keep it from starting.
    private func startIngress() throws -> RunningIngress {
        try waitFor("the ingress to listen") {
            do {
                return try site.startIngress(under: clock.wrapper)
            } catch is EndedEarly {
                return nil
            }
        }
    }

    /// What a supervisor does.
    private func replaceEnded() throws {
        for index in workers.indices where workers[index].hasEnded {
            // The store could not be had, others took it for dead, or it was too young for SIGHUP.
            try checkEnd(of: workers[index], [.code(69), .code(70), .signal(SIGHUP)])
            workers[index] = try startWorker()
        }
        if ingress.program.hasEnded {
            try checkEnd(of: ingress.program, [.code(69)])
            ingress = try startIngress()
        }
    }

    private func checkEnd(of program: RunningProgram, _ allowed: [ChildProcess.Exit]) throws {
        let exit = try program.awaitExit()
        if !allowed.contains(exit) {
            find("a service ended with \(exit): \(program.output.suffix(1000))")
        }
    }

    /// Ends all that disturbs, and waits until everything is done.
    func settle() throws {
        try clock.set(ahead: 0)
        try waitUntil("stops and stalls to be over") { later.areDone }
        // One that was told to end before it could be told ends by the signal.
        for program in leaving {
            try checkEnd(of: program, [.code(0), .code(69), .code(70), .signal(SIGTERM)])
        }
        try replaceEnded()
        while let request = promises.takeUnanswered() { try promises.send(request, to: ingress) }
        for handler in Self.handlers { try shell(.resume(handler.name)) }
        // What was put off while the clock was wrong, between two looks of the programs at it.
        try samovar(["jobs", "retry-now", "--state", "ready", "--yes"])
        try waitUntil("all that was acknowledged to be stored") {
            try promises.missing(fromStoreAt: site.store).isEmpty
        }
        try waitUntil("every job to end") {
            try replaceEnded()
            return try site.reader.number(
                """
                SELECT (SELECT count(*) FROM routing WHERE verdict IS NULL)
                    + (SELECT count(*) FROM job WHERE state IN ('ready', 'leased'))
                """
            ) == 0
        }
    }
}

// MARK: Senders and operators

extension CrashHistory {
    private static func send(
        _ count: Int,
        lane: Int,
        _ promises: Promises,
        to ingress: RunningIngress
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let repository = (lane + number) % 2 + 1
                let ref = "refs/heads/r\(repository)-b\((lane + number) % 3)"
                let body = Request.push(ref: ref, repository: repository)
                group.addTask {
                    do {
                        try promises.send(Request(body: body), to: ingress)
                    } catch is HTTPConnection.Failure {
                        // Noted: nobody knows what became of it.
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The number of a job or delivery, counted around.
    private func choose(_ number: Int, _ column: String, of table: String) throws -> Int? {
        try site.reader.number(
            """
            SELECT \(column) FROM \(table) ORDER BY \(column)
            LIMIT 1 OFFSET \(number) % max(1, (SELECT count(*) FROM \(table)))
            """
        )
    }

    private func command(_ wish: CrashOperation.OperatorWish) throws {
        switch wish {
        case .pause(let handler): try samovar(["pause", "--handler", handler])
        case .resume(let handler): try samovar(["resume", "--handler", handler])
        case .cancel(let number):
            guard let job = try choose(number, "id", of: "job") else { return }
            try samovar(["jobs", "cancel", "\(job)"])
        case .retryNow(let number):
            guard let job = try choose(number, "id", of: "job") else { return }
            try samovar(["jobs", "retry-now", "\(job)"])
        case .requeueAll: try samovar(["dead", "requeue", "--all"])
        case .replay(let number):
            guard let delivery = try choose(number, "seq", of: "delivery") else { return }
            try samovar(["replay", "\(delivery)"])
        }
    }

    private func samovar(_ words: [String]) throws {
        let program = try site.start(Binaries.samovar, arguments: words, under: clock.wrapper)
        // Done, nothing to do it to, or a store that is held for too long.
        let allowed = [0, 1, 2, 69].map { ChildProcess.Exit.code($0) }
        let exit = try program.awaitExit()
        if !allowed.contains(exit) { find("\(words) ended with \(exit): \(program.output)") }
    }

    private func shell(_ wish: CrashOperation.OperatorWish) throws {
        switch wish {
        case .pause(let handler):
            try sqlite("INSERT OR IGNORE INTO pause (kind, name) VALUES ('handler', '\(handler)')")
        case .resume(let handler):
            try sqlite("DELETE FROM pause WHERE kind = 'handler' AND name = '\(handler)'")
        case .cancel(let number):
            guard let job = try choose(number, "id", of: "job") else { return }
            try sqlite("UPDATE job SET cancel_requested = 1 WHERE id = \(job)")
        case .retryNow(let number):
            guard let job = try choose(number, "id", of: "job") else { return }
            try sqlite(
                """
                UPDATE job SET run_at = strftime('%s', 'now') * 1000000
                WHERE id = \(job) AND state = 'ready'
                """
            )
        case .requeueAll: try sqlite("INSERT INTO requeue (job) SELECT job FROM dead_letters")
        case .replay(let number):
            guard let delivery = try choose(number, "seq", of: "delivery") else { return }
            try sqlite("INSERT INTO replay (delivery) VALUES (\(delivery))")
        }
    }

    /// The program that an operator has.
    ///
    /// What the store refuses is refused; a file that is damaged would be said here first.
    private func sqlite(_ statement: String) throws {
        let shell = try site.run(
            clock.wrapper + [
                "/usr/bin/sqlite3", "-cmd", ".timeout 30000", site.store,
                "PRAGMA wal_autocheckpoint = 0; \(statement);",
            ]
        )
        try shell.awaitExit()
        if shell.output.contains("malformed") { find("sqlite3: \(shell.output)") }
    }
}

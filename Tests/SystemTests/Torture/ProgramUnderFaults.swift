import Foundation
import Spawn
import TestSupport
import Testing

/// A program that always does the same, on a disk that fails once.
///
/// The store stays from one trial to the next, with the log of a program that was killed.
protocol ProgramUnderFaults {
    var promises: Promises { get }

    /// Runs it once, then mends the disk, and runs it again as it should.
    ///
    /// - Returns: whether the rule met a call.
    /// - Throws: when it does not work on a disk that was mended.
    func wasHit(by rule: FaultyDisk.Rule, _ name: String) throws -> Bool
}

/// What all of them need.
private struct FaultTrial {
    let site: Site
    let step: TortureStep
    let disk: FaultyDisk
    let promises = Promises()

    init(_ site: Site, _ step: TortureStep) throws {
        self.site = site
        self.step = step
        disk = try FaultyDisk(of: site)
        try disk.heal()
    }

    /// The ingress once it listens; nil when it ended before that.
    func listening(_ program: RunningProgram) throws -> RunningIngress? {
        do {
            return try RunningIngress(program)
        } catch is EndedEarly {
            return nil
        }
    }

    /// Sends so many, several pages each, as long as there is somebody to take them.
    func send(_ count: Int, to ingress: RunningIngress) throws {
        for _ in 0..<count where !ingress.program.hasEnded {
            let body = Request.push() + Data(repeating: 0x20, count: 100_000)
            do {
                try promises.send(Request(body: body), to: ingress)
            } catch is HTTPConnection.Failure {
                // Noted: nobody knows what became of it.
            }
        }
    }

    /// Ends a program that may have ended already; by a failed call it ends with a code.
    func end(_ program: RunningProgram, _ name: String) throws {
        program.signal(SIGTERM)
        switch try program.awaitExit() {
        case .code: return
        // Asked before it could be asked.
        case .signal(SIGTERM): return
        case .signal(let signal): step.find("\(name): ended by signal \(signal)")
        }
    }

    /// Looks whether a mended site keeps its promises, and goes on to.
    func check(_ ingress: RunningIngress, _ name: String) throws {
        try ingress.awaitReady()
        while let request = promises.takeUnanswered() { try promises.send(request, to: ingress) }
        if try promises.send(Request(), to: ingress).status != 202 {
            step.find("\(name): nothing is accepted on the mended disk")
        }
        do {
            try waitUntil("all that was acknowledged to be stored") {
                try promises.missing(fromStoreAt: site.store).isEmpty
            }
        } catch is WaitedInVain {
            step.noteLost(try promises.missing(fromStoreAt: site.store), name)
        }
        try promises.checkAll(storeAt: site.store)
    }
}

/// An ingress that starts, takes enough for a checkpoint, and stops.
struct IngressUnderFaults: ProgramUnderFaults {
    private let trial: FaultTrial
    var promises: Promises { trial.promises }

    init(_ site: Site, _ step: TortureStep) throws {
        trial = try FaultTrial(site, step)
        // As each trial leaves it.
        let first = try site.startIngress()
        try trial.send(20, to: first)
        first.program.killNow()
    }

    func wasHit(by rule: FaultyDisk.Rule, _ name: String) throws -> Bool {
        let hits = trial.disk.hits
        try trial.disk.set([rule])
        let program = try trial.site.start(Binaries.ingress, under: trial.disk.wrapper)
        // A disk that fails while it starts may end it.
        if let ingress = try trial.listening(program) {
            try trial.send(20, to: ingress)
        }
        try trial.end(program, name)
        let wasHit = trial.disk.hits > hits
        try trial.disk.heal()
        let second = try trial.site.startIngress(under: trial.disk.wrapper)
        try trial.check(second, name)
        // So that the next one reads a log back.
        second.program.killNow()
        return wasHit
    }
}

/// An ingress whose store is held for a while.
struct SpoolUnderFaults: ProgramUnderFaults {
    private let trial: FaultTrial
    var promises: Promises { trial.promises }

    init(_ site: Site, _ step: TortureStep) throws {
        trial = try FaultTrial(site, step)
        // A spool waits for its store; this one is there.
        let first = try site.startIngress().awaitReady()
        first.program.killNow()
    }

    func wasHit(by rule: FaultyDisk.Rule, _ name: String) throws -> Bool {
        let hits = trial.disk.hits
        try trial.disk.set([rule])
        let program = try trial.site.start(Binaries.ingress, under: trial.disk.wrapper)
        if let ingress = try trial.listening(program) {
            try detour(ingress)
        }
        try trial.end(program, name)
        let wasHit = trial.disk.hits > hits
        try trial.disk.heal()
        let second = try trial.site.startIngress(under: trial.disk.wrapper)
        try trial.check(second, name)
        second.program.killNow()
        return wasHit
    }

    private func detour(_ ingress: RunningIngress) throws {
        try trial.send(2, to: ingress)
        let stranger = try Stranger(trial.site.store)
        try stranger.lock()
        try trial.send(3, to: ingress)
        try stranger.unlock()
        do {
            try waitUntil("the import", within: .seconds(5)) {
                try ingress.program.hasEnded
                    || promises.missing(fromStoreAt: trial.site.store).isEmpty
            }
        } catch is WaitedInVain {
            // A spool that failed may wait for the next start, which must find all of it.
        }
    }
}

/// A worker that routes and runs what an ingress on a good disk took, and closes the store as the last one:
/// so it makes a checkpoint.
struct WorkerUnderFaults: ProgramUnderFaults {
    private let trial: FaultTrial
    var promises: Promises { trial.promises }

    init(_ site: Site, _ step: TortureStep) throws {
        trial = try FaultTrial(site, step)
    }

    func wasHit(by rule: FaultyDisk.Rule, _ name: String) throws -> Bool {
        let site = trial.site
        let first = try site.startIngress()
        for _ in 1...5 { try promises.send(Request(), to: first) }
        first.program.killNow()
        let hits = trial.disk.hits
        try trial.disk.set([rule])
        let program = try site.start(Binaries.worker, under: trial.disk.wrapper)
        try waitUntil("every job to be done, or the worker to end") {
            try program.hasEnded || isQuiet()
        }
        try trial.end(program, name)
        let wasHit = trial.disk.hits > hits
        try trial.disk.heal()
        let second = try site.start(Binaries.worker, under: trial.disk.wrapper)
        try site.awaitQuiet()
        let undone = try site.reader.texts(
            """
            SELECT 'job ' || id || ' ' || state || coalesce(': ' || reason, '') FROM job
            WHERE state <> 'done'
            """
        )
        for job in undone { trial.step.find("\(name): \(job)") }
        second.killNow()
        let last = try site.startIngress()
        try trial.check(last, name)
        last.program.killNow()
        return wasHit
    }

    private func isQuiet() throws -> Bool {
        try trial.site.reader.number(
            """
            SELECT (SELECT count(*) FROM routing WHERE verdict IS NULL)
                + (SELECT count(*) FROM job WHERE state IN ('ready', 'leased'))
            """
        ) == 0
    }
}

import Foundation
import GRDB
import TestSupport
import Testing

@testable import Migrations
@testable import QueueCore

@Suite
struct RestoreTests {
    /// A folder with a backup of a store that `prepare` worked on; the store is gone.
    private func withBackup(
        clock: TestClock = TestClock(),
        _ prepare: (TestQueue) async throws -> Void,
        _ body: (_ backup: String, _ store: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/lost/queue.db"
            let store = try SQLiteStore(path: path, clocks: clock.clocks)
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            try await prepare(queue)
            let examination = try Examination(path: path)
            _ = try examination.backUp(
                to: folder + "/b.db",
                replacing: false,
                digest: digestOfTests
            )
            try examination.close()
            try await store.close()
            try await body(folder + "/b.db", folder + "/site/queue.db")
        }
    }

    private func restore(
        _ backup: String,
        to store: String,
        clock: TestClock = TestClock()
    ) async throws -> Restore.Result {
        try await Restore(
            file: backup,
            store: store,
            digest: digestOfTests,
            clocks: clock.clocks
        ).run()
    }

    private static func routed(_ target: RoutingTarget) -> Decision {
        Decision(
            target: target,
            verdict: .routed,
            reason: nil,
            explanation: "{}",
            payloadSHA256: nil,
            jobs: [.sample()]
        )
    }

    private func files(_ store: String) throws -> [String] {
        try FileManager.default
            .contentsOfDirectory(atPath: (store as NSString).deletingLastPathComponent).sorted()
    }

    @Test
    func `a restored store is held: it routes, and runs nothing until everything is resumed`()
        async throws
    {
        let clock = TestClock()
        try await withBackup(clock: clock) { queue in
            _ = try await queue.add()
        } _: { backup, path in
            let result = try await restore(backup, to: path, clock: clock)
            #expect(result.liveJobs == 1)
            #expect(result.wereRunning == 0)
            #expect(try files(path) == ["queue.db", "queue.db.turn"])
            let store = try SQLiteStore(path: path, mayCreate: false, clocks: clock.clocks)
            let pauses = try await store.pauses()
            #expect(pauses.map(\.target) == [.everything])
            #expect(pauses.first?.reason?.contains("samovar resume --everything") == true)
            let worker = WorkerID(rawValue: "w9")
            try await store.register(
                WorkerRegistration(id: worker, host: "h", pid: 1, version: "0")
            )
            _ = try await store.accept { [.sample(id: "later")] }
            let waiting = try await store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(waiting.count == 1)
            _ = try await store.decide(waiting.map(Self.routed))
            let request = ClaimRequest(slots: 9, concurrency: [HandlerName(rawValue: "h"): 9])
            let held = try await store.exchange([], for: request, worker: worker)
            #expect(held.claimed.isEmpty)
            #expect(try await store.resume(.everything))
            let resumed = try await store.exchange([], for: request, worker: worker)
            #expect(resumed.claimed.count == 2)
            try await store.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `jobs that ran when the backup was made run again, blamed for nothing`() async throws {
        let clock = TestClock()
        try await withBackup(clock: clock) { queue in
            let jobs = try await queue.add([.sample(lane: "l"), .sample(lane: "l"), .sample()])
            #expect(try await queue.claim().map(\.token.job) == [jobs[0], jobs[2]])
            _ = try await queue.store.cancel([jobs[2]])
        } _: { backup, path in
            let result = try await restore(backup, to: path, clock: clock)
            #expect(result.wereRunning == 2)
            let shell = try Shell(path)
            #expect(
                try shell.strings("SELECT id, state, blocked, attempt, losses, failures FROM job")
                    == ["1|ready|0|1|0|0", "2|ready|1|0|0|0", "3|cancelled|0|1|0|0"]
            )
            #expect(
                try shell.strings("SELECT outcome, error FROM attempt")
                    == Array(repeating: "lost|restored from a backup", count: 2)
            )
            #expect(try shell.strings("SELECT id FROM worker WHERE stopped_at IS NULL").isEmpty)
            try shell.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `no number is given twice, however often the same backup is restored`() async throws {
        let clock = TestClock()
        try await withBackup(clock: clock) { queue in
            _ = try await queue.add()
        } _: { backup, path in
            var firsts: [Int64] = []
            for round in 0..<2 {
                let path = "\(path)-\(round)"
                let result = try await restore(backup, to: path, clock: clock)
                let skipped = Int64(1_000_000 + round * 60_000)
                #expect(result.skippedNumbers == skipped)
                let store = try SQLiteStore(path: path, clocks: clock.clocks)
                let answers = try await store.accept { [.sample(id: "later")] }
                #expect(answers == [.accepted(DeliverySeq(rawValue: skipped + 2))])
                let target = RoutingTarget.delivery(DeliverySeq(rawValue: skipped + 2))
                guard
                    let jobs = try await store.decide([Self.routed(target)]).jobs
                else { throw Unexpected("stale") }
                firsts += jobs.map(\.rawValue)
                let replay = try await store.replay(
                    [DeliverySeq(rawValue: 1)],
                    pace: Pace(start: clock.now)
                )
                #expect(replay.id == skipped + 1)
                try await store.close()
                try checkSoundness(ofStoreAt: path)
                clock.advance(by: .seconds(60))
            }
            #expect(firsts == [1_000_002, 1_060_002])
        }
    }

    @Test
    func `an empty store can be backed up and restored`() async throws {
        try await withBackup { _ in
        } _: { backup, path in
            let result = try await restore(backup, to: path)
            #expect(result.newestReceived == nil)
            let store = try SQLiteStore(path: path)
            #expect(
                try await store.accept { [.sample(id: "a")] }
                    == [.accepted(DeliverySeq(rawValue: 1_000_001))]
            )
            try await store.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `an older backup is brought up to date`() async throws {
        try await withTemporaryFolder { folder in
            let old = folder + "/old.db"
            let connection = try Connection.open(old)
            try MigrationPlan(migrations: [Migrations.all[0]])
                .apply(to: connection, path: old, now: TestClock().now)
            try connection.close()
            let examination = try Examination(path: old)
            #expect(examination.schema == 1)
            let backup = try examination.backUp(
                to: folder + "/b.db",
                replacing: false,
                digest: digestOfTests
            )
            #expect(backup.schema == 1)
            try examination.close()
            let result = try await restore(folder + "/b.db", to: folder + "/queue.db")
            #expect(result.backup.schema == MigrationPlan.current.newest)
            try checkSoundness(ofStoreAt: folder + "/queue.db")
        }
    }

    // MARK: Refusals

    @Test(arguments: ["", "-wal", "-shm", "-journal"])
    func `a store that is there is not touched, and the way to move it is told`(
        suffix: String
    ) async throws {
        try await withBackup { _ in
        } _: { backup, path in
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let file = path + suffix
            try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
            let error = await #expect(throws: BackupError.storeExists(files: [file])) {
                try await restore(backup, to: path)
            }
            #expect(error?.operatorHint.contains("mv \(file) \(path).old\(suffix)") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("precious".utf8))
            #expect(try files(path) == [(file as NSString).lastPathComponent])
        }
    }

    @Test
    func `nothing is restored under a worker that lives`() async throws {
        try await withBackup { _ in
        } _: { backup, path in
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let worker = WorkerID(rawValue: "w7")
            let lock = try WorkerLock(stateFolder: folder, worker: worker)
            await #expect(throws: BackupError.inUse(by: ["worker w7"])) {
                try await restore(backup, to: path)
            }
            lock.release()
            _ = try await restore(backup, to: path)
        }
    }

    @Test
    func `nothing is restored while somebody has the turn`() async throws {
        try await withBackup { _ in
        } _: { backup, path in
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let turn = try TurnLock(store: path)
            turn.take()
            let error = await #expect(throws: BackupError.self) {
                try await restore(backup, to: path)
            }
            guard case .inUse = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            turn.pass()
            #expect(try files(path) == ["queue.db.turn"])
        }
    }

    @Test
    func `a damaged backup is not restored`() async throws {
        try await withBackup { queue in
            for _ in 0..<50 { _ = try await queue.add() }
        } _: { backup, path in
            let shell = try Shell(backup)
            let page = try #require(
                Int(shell.strings("SELECT rootpage FROM sqlite_schema WHERE name = 'job'")[0])
            )
            try shell.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: backup))
            let place = (page - 1) * 4096
            bytes.replaceSubrange(place..<place + 4096, with: Data(repeating: 0x5A, count: 4096))
            try bytes.write(to: URL(fileURLWithPath: backup))
            await #expect(throws: BackupError.self) { try await restore(backup, to: path) }
            #expect(try files(path) == ["queue.db.turn"])
        }
    }

    @Test
    func `what is no backup is not restored, and makes no folder`() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = folder + "/site/queue.db"
            await #expect(throws: BackupError.noBackup(file: folder + "/no.db")) {
                try await restore(folder + "/no.db", to: path)
            }
            let text = folder + "/text"
            try Data(String(repeating: "text\n", count: 500).utf8)
                .write(to: URL(fileURLWithPath: text))
            await #expect(throws: BackupError.store(.notADatabase(path: text))) {
                try await restore(text, to: path)
            }
            let other = folder + "/other.db"
            let shell = try Shell(other)
            try shell.run("CREATE TABLE t (a)")
            try shell.close()
            await #expect(throws: BackupError.store(.notOurs(path: other))) {
                try await restore(other, to: path)
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/site"))
        }
    }

    @Test
    func `a newer backup is not restored`() async throws {
        try await withBackup { _ in
        } _: { backup, path in
            let shell = try Shell(backup)
            try shell.run("INSERT INTO migration VALUES (9999, '9999_future', 'f', 0)")
            try shell.close()
            let newest = MigrationPlan.current.newest
            await #expect(
                throws: BackupError.store(.newer(path: backup, schema: 9999, known: newest))
            ) {
                try await restore(backup, to: path)
            }
        }
    }
}

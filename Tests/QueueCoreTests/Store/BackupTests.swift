import Foundation
import GRDB
import TestSupport
import Testing

@testable import QueueCore

@Suite
struct BackupTests {
    /// A store with a few jobs in it, and a folder beside it for backups.
    private func withSite(
        _ body: (SQLiteStore, _ store: String, _ folder: String) async throws -> Void
    ) async throws {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            for _ in 0..<5 { _ = try await queue.add() }
            try await queue.end(try #require(queue.claim(1).first?.token), .done)
            let folder = (path as NSString).deletingLastPathComponent + "/backups"
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: false
            )
            try await body(store, path, folder)
        }
    }

    private func backUp(
        _ store: String,
        to file: String,
        replacing: Bool = false
    ) throws -> Backup {
        let examination = try Examination(path: store)
        defer { try? examination.close() }
        return try examination.backUp(to: file, replacing: replacing, digest: digestOfTests)
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test
    func `a backup is one sound file for its owner alone`() async throws {
        try await withSite { _, path, folder in
            let backup = try backUp(path, to: folder + "/b.db")
            #expect(backup.deliveries == 5)
            #expect(backup.jobs == 5)
            #expect(backup.schema == MigrationPlan.current.newest)
            #expect(try names(folder) == ["b.db"])
            let attributes = try FileManager.default.attributesOfItem(atPath: backup.file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(attributes[.size] as? Int64 == backup.bytes)
            let shell = try Shell(backup.file)
            #expect(try shell.strings("PRAGMA auto_vacuum") == ["2"])
            #expect(
                try shell.strings("SELECT state, count(*) FROM job GROUP BY 1")
                    == ["done|1", "ready|4"]
            )
            try shell.close()
            try checkSoundness(ofStoreAt: backup.file)
        }
    }

    @Test
    func `a backup is of one moment while others write`() async throws {
        try await withSite { store, path, folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var number = 0
                    while !Task.isCancelled {
                        number += 1
                        let batch = [Delivery.sample(id: "w-\(number)", body: "{}")]
                        _ = try await store.accept { batch }
                    }
                }
                for round in 0..<5 {
                    let before = try await store.status().deliveries
                    while try await store.status().deliveries == before { await Task.yield() }
                    let backup = try backUp(path, to: "\(folder)/\(round).db")
                    try checkSoundness(ofStoreAt: backup.file)
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            let earlier = try Shell(folder + "/0.db").strings("SELECT count(*) FROM delivery")[0]
            let later = try Shell(folder + "/4.db").strings("SELECT count(*) FROM delivery")[0]
            #expect(try #require(Int(earlier)) < #require(Int(later)))
        }
    }

    @Test
    func `a backup of a store that keeps free pages gives them back`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await SQLiteStore(path: path).close()
            let shell = try Shell(path)
            try shell.run("PRAGMA journal_mode = DELETE")
            try shell.run("PRAGMA auto_vacuum = NONE")
            try shell.run("VACUUM")
            #expect(try shell.strings("PRAGMA auto_vacuum") == ["0"])
            try shell.close()
            let backup = try backUp(path, to: folder + "/b.db")
            #expect(try Shell(backup.file).strings("PRAGMA auto_vacuum") == ["2"])
        }
    }

    @Test
    func `what a killed backup left is not in the way of the next one with its pid`() async throws {
        try await withSite { _, path, folder in
            let left = "\(folder)/b.db.partial-\(getpid())"
            try Data("left".utf8).write(to: URL(fileURLWithPath: left))
            #expect(try backUp(path, to: folder + "/b.db").deliveries == 5)
            #expect(try names(folder) == ["b.db", (left as NSString).lastPathComponent])
        }
    }

    @Test
    func `two that are made at once do not share a file`() async throws {
        try await withTemporaryFolder { folder async throws in
            let files = try (0..<2).map { _ in try PartialFile(besides: folder + "/b.db") }
            try files[0].takePlace(replacing: false)
            #expect(throws: BackupError.exists(file: folder + "/b.db")) {
                try files[1].takePlace(replacing: false)
            }
            files[1].remove()
            #expect(try names(folder) == ["b.db"])
        }
    }

    @Test
    func `a file that exists is replaced only when asked`() async throws {
        try await withSite { _, path, folder in
            let file = folder + "/b.db"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
            #expect(throws: BackupError.exists(file: file)) { try backUp(path, to: file) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("mine".utf8))
            // A configuration, a secret: never.
            #expect(throws: BackupError.notADatabase(file: file)) {
                try backUp(path, to: file, replacing: true)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("mine".utf8))
            try Data().write(to: URL(fileURLWithPath: file))
            for _ in 1...2 {
                #expect(try backUp(path, to: file, replacing: true).deliveries == 5)
            }
            #expect(try names(folder) == ["b.db"])
        }
    }

    @Test(arguments: ["", "-wal", "-shm", ".turn", "-journal"], [false, true])
    func `the store itself is no target, whatever it is called`(
        suffix: String,
        replacing: Bool
    ) async throws {
        try await withSite { _, path, folder in
            let own = path + suffix
            var targets = [own, folder + "/../" + (own as NSString).lastPathComponent]
            if FileManager.default.fileExists(atPath: own) {
                try FileManager.default.linkItem(atPath: own, toPath: folder + "/hard")
                try FileManager.default.createSymbolicLink(
                    atPath: folder + "/soft",
                    withDestinationPath: own
                )
                targets += [folder + "/hard", folder + "/soft"]
            }
            for target in targets {
                #expect(throws: BackupError.isTheStore(file: target)) {
                    try backUp(path, to: target, replacing: replacing)
                }
            }
        }
    }

    @Test
    func `a target that cannot be a file is refused, and nothing is left`() async throws {
        try await withSite { _, path, folder in
            let before = try names(folder)
            #expect(throws: BackupError.noFolder(folder: folder + "/no")) {
                try backUp(path, to: folder + "/no/b.db")
            }
            #expect(throws: BackupError.notAFile(file: folder)) {
                try backUp(path, to: folder, replacing: true)
            }
            #expect(throws: BackupError.notAFile(file: "/dev/null")) {
                try backUp(path, to: "/dev/null", replacing: true)
            }
            #expect(try names(folder) == before)
        }
    }

    @Test(arguments: ["-wal", "-journal"])
    func `another database's journal is not left for the backup`(suffix: String) async throws {
        try await withSite { _, path, folder in
            let leftover = folder + "/b.db" + suffix
            try Data("journal".utf8).write(to: URL(fileURLWithPath: leftover))
            #expect(throws: BackupError.leftover(file: leftover)) {
                try backUp(path, to: folder + "/b.db", replacing: true)
            }
        }
    }

    @Test
    func `a store that is not sound makes no backup`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let store = try SQLiteStore(path: path)
            _ = try await store.accept { [.sample(id: "a"), .sample(id: "b")] }
            try await store.close()
            let shell = try Shell(path)
            try shell.run("DROP TRIGGER routing_is_kept_with_its_body")
            try shell.run("DELETE FROM routing WHERE delivery = 2")
            try shell.close()
            let error = #expect(throws: BackupError.self) {
                try backUp(path, to: folder + "/b.db")
            }
            guard case .unsound(_, let findings) = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(findings.contains { $0.contains("every delivery has one routing row: 2") })
            #expect(try names(folder).allSatisfy { !$0.hasPrefix("b.db") })
        }
    }

    @Test
    func `a missing store, or one of somebody else, makes no backup`() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = folder + "/queue.db"
            #expect(throws: StoreError.missing(path: path)) {
                try backUp(path, to: folder + "/b.db")
            }
            try Data("text".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.notADatabase(path: path)) {
                try backUp(path, to: folder + "/b.db")
            }
            #expect(try names(folder) == ["queue.db"])
        }
    }
}

import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import QueueCore

@Suite
struct OpeningTests {
    static let pragmas = [
        ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("mmap_size", "0"),
        ("wal_autocheckpoint", "0"), ("application_id", "1399682674"),
    ]

    @Test
    func `a store that is made is nobody else's to read`() async throws {
        try await withStore { store, path in
            _ = try await store.accept { [.sample(id: "first")] }
            for file in [path, path + "-wal", path + "-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o007 == 0, "\(file)")
            }
        }
    }

    @Test(arguments: pragmas)
    func `the connection that writes has the settings that make commits durable`(
        pragma: String,
        expected: String
    ) async throws {
        try await withStore { store, _ in
            _ = try await store.accept { [.sample(id: "a")] }
            let value = try await store.connection.writeWithoutTransaction { database in
                try String.fetchOne(database, sql: "PRAGMA \(pragma)")
            }
            #expect(value == expected)
        }
    }

    @Test
    func `a store is found again as it was left`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/deep/er/queue.db"
            let first = try SQLiteStore(path: path)
            _ = try await first.accept { [.sample(id: "a", body: "kept")] }
            let uuid = try await first.status().uuid
            try await first.close()
            let second = try SQLiteStore(path: path, mayCreate: false)
            #expect(try await second.status().uuid == uuid)
            let body = try await second.body(of: DeliverySeq(rawValue: 1))
            #expect(body == Data("kept".utf8))
            try await second.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `many that create a store at the same time share one`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let uuids = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let store = try SQLiteStore(path: path)
                        _ = try await store.accept { [.sample(id: "id-\(number)")] }
                        let uuid = try await store.status().uuid
                        try await store.close()
                        return uuid
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(uuids.count == 1)
            let store = try SQLiteStore(path: path)
            #expect(try await store.status().deliveries == 6)
            try await store.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `an empty file is a store that was not yet made`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.missing(path: path)) {
                try SQLiteStore(path: path, mayCreate: false)
            }
            try await SQLiteStore(path: path).close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `a first start that was killed before its first migration is made good`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try Connection.open(path).close()
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count > 0)
            try await SQLiteStore(path: path).close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    // MARK: What is not ours

    @Test
    func `a file that is no database stays untouched`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/notes.txt"
            let text = Data(String(repeating: "not a database\n", count: 1000).utf8)
            try text.write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.notADatabase(path: path)) { try SQLiteStore(path: path) }
            #expect(try contents(of: folder) == ["notes.txt": text])
        }
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `somebody else's database stays untouched`(journal: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/other.db"
            let shell = try Shell(path)
            try shell.run("PRAGMA journal_mode = \(journal); CREATE TABLE note (text)")
            try shell.run("INSERT INTO note VALUES ('mine')")
            try shell.close()
            let before = try contents(of: folder)
            #expect(before.keys.sorted() == ["other.db"])
            #expect(throws: StoreError.notOurs(path: path)) { try SQLiteStore(path: path) }
            #expect(try contents(of: folder)["other.db"] == before["other.db"])
            #expect(!FileManager.default.fileExists(atPath: path + ".turn"))
            #expect(try Shell(path).strings("SELECT text FROM note") == ["mine"])
        }
    }

    @Test
    func `a newer store stays untouched`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await SQLiteStore(path: path).close()
            let shell = try Shell(path)
            try shell.run(
                """
                INSERT INTO migration (number, name, checksum, applied_at)
                VALUES (9999, '9999_future', 'f', 0)
                """
            )
            try shell.close()
            let before = try contents(of: folder)["queue.db"]
            let error = StoreError.newer(
                path: path,
                schema: 9999,
                known: MigrationPlan.current.newest
            )
            #expect(throws: error) { try SQLiteStore(path: path) }
            #expect(try contents(of: folder)["queue.db"] == before)
        }
    }

    @Test
    func `a store that is missing is not made by who only looks`() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = folder + "/state/queue.db"
            #expect(throws: StoreError.missing(path: path)) {
                try SQLiteStore(path: path, mayCreate: false)
            }
            #expect(try contents(of: folder).isEmpty)
        }
    }

    @Test
    func `a damaged store says so`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let store = try SQLiteStore(path: path)
            let batch = (0..<50).map { Delivery.sample(id: "id-\($0)") }
            _ = try await store.accept { batch }
            try await store.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // The header stays, every page behind it is lost.
            bytes.replaceSubrange(100..., with: Data(repeating: 0x5A, count: bytes.count - 100))
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            guard case .corrupt = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(try contents(of: folder)["queue.db"] == bytes)
        }
    }

    // MARK: What cannot be opened

    @Test
    func `a folder in the place of the store cannot be opened`() async throws {
        try await withTemporaryFolder { folder in
            try expectCannotOpen(folder)
        }
    }

    @Test
    func `a store below a file cannot be opened`() async throws {
        try await withTemporaryFolder { folder in
            try Data("file".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
            try expectCannotOpen(folder + "/file/queue.db")
        }
    }

    private func expectCannotOpen(_ path: String) throws {
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
        guard case .cannotOpen = error else {
            Issue.record("the error is \(String(describing: error))")
            return
        }
        #expect(error?.operatorHint.isEmpty == false)
    }

    /// Permissions do not bind root, so the process that tries becomes nobody first.
    @Test(arguments: [("file", 0o444), ("folder", 0o555)])
    func `a store that may only be read says so`(what: String, mode: Int) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await SQLiteStore(path: path).close()
            for file in try contents(of: folder).keys where what == "file" {
                try allow(mode, "\(folder)/\(file)")
            }
            if what == "folder" {
                try FileManager.default.removeItem(atPath: path + ".turn")
                try allow(mode, folder)
            }
            await #expect(processExitsWith: .success) { [path = path as String] in
                if geteuid() == 0 { #expect(seteuid(65_534) == 0) }
                let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
                guard case .readOnly = error else {
                    Issue.record("the error is \(String(describing: error))")
                    return
                }
            }
            try allow(0o755, folder)
        }
    }

    private func allow(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    // MARK: Strangers

    @Test
    func `a stranger who holds the write lock makes writes busy, and nothing else`() async throws {
        try await withStore { store, path in
            _ = try await store.accept { [.sample(id: "a")] }
            let shell = try Shell(path)
            try shell.run("BEGIN IMMEDIATE")
            await #expect(throws: StoreError.busy(path: path)) {
                try await store.accept { [.sample(id: "b")] }
            }
            #expect(StoreError.busy(path: path).isTransient)
            #expect(try await store.status().deliveries == 1)
            try shell.run("COMMIT")
            let seq = DeliverySeq(rawValue: 2)
            #expect(try await store.accept { [.sample(id: "b")] } == [.accepted(seq)])
        }
    }

    @Test
    func `opening does not wait without end for the turn, and says who has it`() async throws {
        try await withStore { _, path in
            let turn = try TurnLock(store: path)
            turn.take()
            let error = #expect(throws: StoreError.self) {
                try SQLiteStore(path: path, patience: .milliseconds(20))
            }
            guard case .busy(path, let holder?, nil) = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(holder.contains("(pid \(getpid()))"))
            #expect(error?.description.contains(holder) == true)
            #expect(error?.operatorHint.contains("SIGSTOP") == true)
            turn.pass()
            try await SQLiteStore(path: path, patience: .zero).close()
        }
    }

    /// Every file of a folder, with its bytes.
    private func contents(of folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
            }
        )
    }
}

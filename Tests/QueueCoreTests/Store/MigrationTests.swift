import Foundation
import GRDB
import TestSupport
import Testing

@testable import Migrations
@testable import QueueCore

@Suite
struct MigrationTests {
    @Test
    func `the program carries every migration of the folder, in order`() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../../migrations").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".sql") }
            .sorted()
        #expect(Migrations.all.map { $0.name + ".sql" } == files)
        #expect(Migrations.all.map(\.number) == Array(1...files.count))
        for migration in Migrations.all {
            let text = try String(
                contentsOf: folder.appendingPathComponent(migration.name + ".sql"),
                encoding: .utf8
            )
            #expect(migration.sql == text)
            #expect(migration.name.hasPrefix(String(10_000 + migration.number).dropFirst()))
        }
    }

    @Test
    func `a migration is applied once and remembered with its checksum`() async throws {
        try await withStore { _, path in
            _ = try SQLiteStore(path: path)
            let expected = Migrations.all.map { "\($0.number)|\($0.name)|\($0.checksum)" }
            let sql = "SELECT number, name, checksum FROM migration ORDER BY number"
            #expect(try Shell(path).strings(sql) == expected)
            #expect(try Shell(path).strings("SELECT schema FROM store") == ["\(expected.count)"])
        }
    }

    @Test(
        arguments: ["checksum = 'edited'", "name = '0001_renamed'"]
    )
    func `a migration that was applied with another text is refused`(
        change: String
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await SQLiteStore(path: path).close()
            let shell = try Shell(path)
            try shell.run("DROP TRIGGER migration_never_changes")
            try shell.run("UPDATE migration SET \(change) WHERE number = 1")
            try shell.close()
            #expect(throws: StoreError.migrationChanged(name: Migrations.all[0].name)) {
                try SQLiteStore(path: path)
            }
        }
    }

    @Test
    func `the checksum tells one changed byte`() {
        var migration = Migrations.all[0]
        let before = migration.checksum
        migration.sql += " "
        #expect(migration.checksum != before)
    }

    /// Each begins well and ends badly.
    static let bad = [
        "CREATE TABLE extra (a) STRICT", "CREATE TABLE extra (a INTEGER) STRICT; nonsense",
        "UPDATE store SET schema = 7; INSERT INTO nobody VALUES (1)",
        "DROP VIEW queue; DROP TABLE delivery; CREATE VIEW jobs AS SELECT 1",
        "PRAGMA application_id = 1; SELECT * FROM nobody",
    ]

    @Test(arguments: bad)
    func `a migration that fails leaves the store as it was`(sql: String) async throws {
        try await withStore { store, path in
            _ = try await store.accept { [.sample(id: "a")] }
            let next = Migrations.all.count + 1
            let dump = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
            let before = try Shell(path).strings(dump)
            let plan = MigrationPlan(
                migrations: Migrations.all + [
                    Migrations.Migration(number: next, name: "bad", sql: sql)
                ]
            )
            let connection = try Connection.open(path)
            let error = #expect(throws: StoreError.self) {
                try plan.apply(to: connection, path: path, now: TestClock().now)
            }
            guard case .migrationFailed(name: "bad", _) = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            try connection.close()
            #expect(try Shell(path).strings(dump) == before)
            #expect(try Shell(path).strings("SELECT schema FROM store") == ["\(next - 1)"])
            #expect(try Shell(path).strings("PRAGMA application_id") == ["1399682674"])
            let again = try SQLiteStore(path: path)
            #expect(try await again.status().deliveries == 1)
            try await again.close()
        }
    }

    @Test
    func `a first migration that fails leaves nothing`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            var migration = Migrations.all[0]
            migration.sql += "; nonsense"
            let connection = try Connection.open(path)
            #expect(throws: StoreError.self) {
                try MigrationPlan(migrations: [migration])
                    .apply(to: connection, path: path, now: TestClock().now)
            }
            try connection.close()
            #expect(try Shell(path).strings("SELECT name FROM sqlite_schema").isEmpty)
            try await SQLiteStore(path: path).close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `a further migration is applied to a store with rows, which an older program refuses`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let store = try SQLiteStore(path: path)
            _ = try await store.accept { [.sample(id: "a")] }
            let uuid = try await store.status().uuid
            try await store.close()
            let next = Migrations.all.count + 1
            let plan = MigrationPlan(
                migrations: Migrations.all + [
                    Migrations.Migration(
                        number: next,
                        name: "next",
                        sql: "CREATE TABLE extra (a INTEGER) STRICT;"
                    )
                ]
            )
            let connection = try Connection.open(path)
            try plan.apply(to: connection, path: path, now: TestClock().now)
            try plan.apply(to: connection, path: path, now: TestClock().now)
            try connection.close()
            let shell = try Shell(path)
            #expect(try shell.strings("SELECT schema, uuid FROM store") == ["\(next)|\(uuid)"])
            #expect(try shell.strings("SELECT count(*) FROM delivery, extra") == ["0"])
            try shell.close()
            #expect(throws: StoreError.newer(path: path, schema: next, known: next - 1)) {
                try SQLiteStore(path: path)
            }
        }
    }
}

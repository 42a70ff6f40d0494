import Foundation
import GRDB
import TestSupport
import Testing

@testable import QueueCore

/// A commit's part of the log is written with few calls, and is the same log.
@Suite
struct LogRoomTests {
    private let room = LogRoom()

    /// A table with rows of a page and more, in a file of its own.
    private func withTable(
        _ body: (_ path: String, _ connection: DatabaseQueue) throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let connection = try Connection.open(path)
            try connection.writeWithoutTransaction { database in
                try database.execute(sql: "CREATE TABLE page (id INTEGER PRIMARY KEY, body BLOB)")
            }
            try body(path, connection)
            try connection.close()
        }
    }

    /// One transaction; its commit is left to the caller.
    private func change(
        _ connection: DatabaseQueue,
        rows: Int,
        commit: (Database) throws -> Void
    ) throws {
        try connection.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            for _ in 0..<rows {
                try database.execute(sql: "INSERT INTO page (body) VALUES (randomblob(9000))")
            }
            try commit(database)
        }
    }

    /// Write calls that this thread has made (proc(5), /proc/PID/io).
    private func writes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("syscw: ") }
        return try #require(line.flatMap { Int($0.dropFirst(7)) })
    }

    /// What a process would find that opens the files as they are on disk now, as after a crash.
    private func rowsAfterCrash(_ path: String) throws -> Int? {
        let copy = path + ".copy"
        for suffix in ["", "-wal"] {
            try? FileManager.default.removeItem(atPath: copy + suffix)
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        let database = try DatabaseQueue(path: copy)
        defer { try? database.close() }
        return try database.read { database in
            #expect(try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok")
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM page")
        }
    }

    @Test
    func `a commit writes its pages with a few calls instead of two for each`() async throws {
        try await withTable { path, connection in
            var plain = 0
            try change(connection, rows: 20) { database in
                let before = try writes()
                try database.execute(sql: "COMMIT")
                plain = try writes() - before
            }
            #expect(plain > 80)
            var gathered = 0
            try change(connection, rows: 20) { database in
                let before = try writes()
                try room.gathering { try database.execute(sql: "COMMIT") }
                gathered = try writes() - before
            }
            // 48 pages are two parts.
            #expect(gathered <= 4)
            #expect(try rowsAfterCrash(path) == 40)
        }
    }

    @Test(arguments: [1, 15, 16, 400])
    func `all that a commit changed is in the log when it returns`(rows: Int) async throws {
        try await withTable { path, connection in
            // Where SQLite may, pages that do not fit into its cache go to the log before the commit.
            try connection.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA cache_size = 20; PRAGMA cache_spill = ON")
            }
            for round in 1...3 {
                try change(connection, rows: rows) { database in
                    try room.gathering { try database.execute(sql: "COMMIT") }
                }
                #expect(try rowsAfterCrash(path) == round * rows)
                let other = try Shell(path)
                #expect(try other.strings("SELECT count(*) FROM page") == ["\(round * rows)"])
            }
        }
    }

    @Test
    func `a commit that is refused leaves nothing behind for the next one`() async throws {
        try await withTable { path, connection in
            try connection.writeWithoutTransaction { database in
                try database.execute(
                    sql: """
                        CREATE TABLE child (
                            page INTEGER REFERENCES page (id) DEFERRABLE INITIALLY DEFERRED)
                        """
                )
            }
            try change(connection, rows: 20) { database in
                try database.execute(sql: "INSERT INTO child (page) VALUES (-1)")
                #expect(throws: DatabaseError.self) {
                    try room.gathering { try database.execute(sql: "COMMIT") }
                }
                try database.execute(sql: "ROLLBACK")
            }
            let other = try Shell(path)
            try other.run("INSERT INTO page (body) VALUES (randomblob(9000))")
            try change(connection, rows: 2) { database in
                try room.gathering { try database.execute(sql: "COMMIT") }
            }
            #expect(try rowsAfterCrash(path) == 3)
        }
    }
}

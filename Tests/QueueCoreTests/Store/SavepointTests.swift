import Foundation
import GRDB
import TestSupport
import Testing

@testable import QueueCore

/// A change that undoes a part of itself, in a transaction that outgrows SQLite's cache.
@Suite
struct SavepointTests {
    @Test
    func `what is committed after a savepoint was rolled back survives a crash`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let connection = try Connection.open(path)
            try connection.writeWithoutTransaction { database in
                // SQLite 3.40.1 loses the second commit when pages go to the log before it.
                try database.execute(
                    sql: """
                        PRAGMA cache_size = 10;
                        CREATE TABLE page (id INTEGER PRIMARY KEY, body BLOB);
                        """
                )
                for _ in 0..<2 {
                    try database.execute(sql: "BEGIN IMMEDIATE")
                    try fill(database, rows: 20)
                    try database.execute(sql: "SAVEPOINT part")
                    try fill(database, rows: 60)
                    try database.execute(
                        sql: """
                            UPDATE page SET body = randomblob(3000)
                            WHERE id > (SELECT max(id) FROM page) - 30
                            """
                    )
                    try database.execute(sql: "ROLLBACK TO part; RELEASE part")
                    try fill(database, rows: 40)
                    try database.execute(sql: "COMMIT")
                }
            }
            let copy = folder + "/copy.db"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
            let afterCrash = try DatabaseQueue(path: copy)
            let (rows, check) = try afterCrash.read { database in
                (
                    try Int.fetchOne(database, sql: "SELECT count(*) FROM page"),
                    try String.fetchOne(database, sql: "PRAGMA integrity_check")
                )
            }
            #expect(rows == 120)
            #expect(check == "ok")
            try connection.close()
        }
    }

    private func fill(_ database: Database, rows: Int) throws {
        for _ in 0..<rows {
            try database.execute(sql: "INSERT INTO page (body) VALUES (randomblob(3000))")
        }
    }
}

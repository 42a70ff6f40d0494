import Foundation
import GRDB
import QueueCore

/// A store's file, and the connection that fills it: by the million, SQL is faster than the engine.
struct StoreFile: Sendable {
    let path: String

    /// A store that benchmarks alone make, and may remove.
    static func own(_ name: String, in folder: String) -> StoreFile {
        StoreFile(path: "\(folder)/benchmark-\(name).db")
    }

    /// The store of a Samovar that has this folder: never replaced.
    static func site(in folder: String) -> StoreFile {
        StoreFile(path: folder + "/queue.db")
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Makes an empty store.
    ///
    /// The caller has removed what was there, or knows that nothing was.
    func create() async throws {
        guard !exists else { throw BenchmarkError.storeExists(path) }
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        try await SQLiteStore(path: path).close()
    }

    func remove() throws {
        for suffix in ["", "-wal", "-shm", "-journal", ".turn"]
        where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    /// Moves a store that nobody has open.
    func move(to other: StoreFile) throws {
        try other.remove()
        try FileManager.default.moveItem(atPath: path, toPath: other.path)
        try remove()
    }

    var mebibytes: Double {
        get throws {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return Double(size ?? 0) / 1_048_576
        }
    }

    /// Runs a change in one transaction that nothing protects: whoever sees it fail throws the file
    /// away.
    func fill(_ change: (Database) throws -> Void) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { database in
            for pragma in ["journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"] {
                try database.execute(sql: "PRAGMA \(pragma)")
            }
        }
        let connection = try DatabaseQueue(path: path, configuration: configuration)
        try connection.inDatabase { database in
            try database.inTransaction {
                try change(database)
                return .commit
            }
        }
        try connection.close()
        // Else the kernel writes it out during what is measured.
        sync()
    }

    /// Looks at a store without changing it.
    func read<Value>(_ look: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        let connection = try DatabaseQueue(path: path, configuration: configuration)
        let value = try connection.inDatabase(look)
        try connection.close()
        return value
    }

    /// The migrations that made this store.
    func schema() throws -> String? {
        try read { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT group_concat(checksum, ' ')
                    FROM (SELECT checksum FROM migration ORDER BY number)
                    """
            )
        }
    }

    func count(_ rows: String) throws -> Int {
        try read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM \(rows)") ?? 0
        }
    }

    /// SQLite's own checks, and what every job and attempt must agree on.
    func check() throws {
        let findings = try read { database in
            var findings = try String.fetchAll(database, sql: "PRAGMA integrity_check")
                .filter { $0 != "ok" }
            findings += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
                .map { "foreign key: \($0)" }
            for (claim, rows) in Self.invariants {
                let sql = "SELECT count(*) FROM \(rows)"
                let wrong = try Int.fetchOne(database, sql: sql) ?? 0
                if wrong > 0 { findings.append("\(claim): not so in \(wrong) rows") }
            }
            return findings
        }
        guard findings.isEmpty else { throw BenchmarkError.unsound(findings) }
    }

    private static let invariants = [
        (
            "every delivery has a routing row",
            "delivery WHERE seq NOT IN (SELECT delivery FROM routing)"
        ),
        (
            "a job has as many attempts as it counts",
            """
            job
            WHERE attempt <> (SELECT count(*) FROM attempt WHERE attempt.job = job.id)
            """
        ),
        (
            "an attempt is open exactly while its job is leased",
            """
            attempt JOIN job ON job.id = attempt.job
            WHERE (outcome IS NULL) <> (state = 'leased' AND number = job.attempt)
            """
        ),
        (
            "all but the first of a lane's live jobs are blocked",
            """
            job
            WHERE state = 'ready' AND lane IS NOT NULL
                AND blocked <> (id > (
                    SELECT min(id) FROM job AS live
                    WHERE live.lane = job.lane AND live.state IN ('ready', 'leased')))
            """
        ),
    ]
}

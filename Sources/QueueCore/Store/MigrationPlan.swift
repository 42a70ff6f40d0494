import Foundation
import GRDB
import Migrations

/// Brings a store's schema up to date, forward only.
struct MigrationPlan: Sendable {
    static let current = MigrationPlan(migrations: Migrations.all)

    var migrations: [Migrations.Migration]

    /// The number of the last migration this program carries.
    var newest: Int { migrations.last?.number ?? 0 }

    /// Applies what is missing, each migration in a transaction of its own.
    ///
    /// The caller holds the turn, so of two processes that start at once one migrates and the
    /// other finds it done.
    ///
    /// - Throws: `.migrationChanged` when an applied one reads otherwise here; `.migrationFailed`
    ///   with the store as it was before that migration.
    func apply(to connection: DatabaseQueue, path: String, now: Timestamp) throws(StoreError) {
        let applied: [Int: (name: String, checksum: String)]
        do {
            applied = try connection.inDatabase(Self.applied)
        } catch {
            throw StoreError(error, path: path)
        }
        if let newer = applied.keys.max(), newer > newest {
            throw .newer(path: path, schema: newer, known: newest)
        }
        for migration in migrations {
            if let known = applied[migration.number] {
                guard known.name == migration.name, known.checksum == migration.checksum else {
                    throw .migrationChanged(name: migration.name)
                }
                continue
            }
            do {
                try connection.inDatabase { database in
                    try database.inTransaction(.immediate) {
                        try database.execute(sql: migration.sql)
                        try record(migration, in: database, now: now)
                        FaultPoint.migrating.reach("\(migration.number)")
                        return .commit
                    }
                }
            } catch {
                let error = StoreError(error, path: path)
                if error.isTransient { throw error }
                throw .migrationFailed(name: migration.name, reason: error.description)
            }
        }
    }

    private static func applied(
        in database: Database
    ) throws -> [Int: (name: String, checksum: String)] {
        guard try database.tableExists("migration") else { return [:] }
        let rows = try Row.fetchAll(database, sql: "SELECT number, name, checksum FROM migration")
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (row[0] as Int, (name: row[1] as String, checksum: row[2] as String))
            }
        )
    }

    private func record(
        _ migration: Migrations.Migration,
        in database: Database,
        now: Timestamp
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO migration (number, name, checksum, applied_at)
                VALUES (?, ?, ?, ?)
                """,
            arguments: [migration.number, migration.name, migration.checksum, now.rawValue]
        )
        try database.execute(
            sql: """
                INSERT INTO store (id, uuid, created_at, schema)
                VALUES (1, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET schema = excluded.schema
                """,
            arguments: [UUID().uuidString.lowercased(), now.rawValue, migration.number]
        )
    }
}

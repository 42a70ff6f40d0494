import GRDB
import Migrations

/// Whether the schema is the one that this program's migrations make.
extension Examination {
    package func migrations() -> [Diagnosis] {
        let schema = self.schema
        return diagnose(.schema, "migrations") { database in
            let applied = try Row.fetchAll(
                database,
                sql: "SELECT number, name, checksum FROM migration ORDER BY number"
            )
            let known = MigrationPlan.current.migrations
            let changed = applied.filter { row in
                let number: Int = row["number"]
                guard let own = known.first(where: { $0.number == number }) else { return true }
                return own.name != row["name"] as String
                    || own.checksum != row["checksum"] as String
            }
            guard changed.isEmpty else {
                let names = changed.map { $0["name"] as String }.joined(separator: ", ")
                return [
                    Diagnosis(
                        .schema,
                        "migrations",
                        .failure,
                        "applied with another text than this program carries: \(names)",
                        hint: StoreError.migrationChanged(name: names).operatorHint
                    )
                ]
            }
            let newest = MigrationPlan.current.newest
            guard schema == newest else {
                return [
                    Diagnosis(
                        .schema,
                        "migrations",
                        .note,
                        "schema \(schema); this program knows \(newest)",
                        hint: "It is brought up to date when a service or a command opens it."
                    )
                ]
            }
            return [Diagnosis(.schema, "migrations", .ok, "schema \(schema)")]
        }
    }

    /// Compares what is there with what the same migrations make of an empty store.
    package func schemaDrift() -> [Diagnosis] {
        let schema = self.schema
        return diagnose(.schema, "schema_drift") { database in
            let found = try Self.objects(in: database)
            let expected = try DatabaseQueue().inDatabase { empty in
                for migration in MigrationPlan.current.migrations where migration.number <= schema {
                    try empty.inTransaction {
                        try empty.execute(sql: migration.sql)
                        return .commit
                    }
                }
                return try Self.objects(in: empty)
            }
            return SchemaDrift(expected: expected, found: found).diagnoses
        }
    }

    private static func objects(in database: Database) throws -> Set<SchemaObject> {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        )
        return Set(rows.map { SchemaObject(kind: $0["type"], name: $0["name"], sql: $0["sql"]) })
    }

    /// How the file is set up, and the library that reads it.
    package func settings() -> [Diagnosis] {
        diagnose(.schema, "pragmas") { database in
            func text(_ sql: String) throws -> String {
                try String.fetchOne(database, sql: sql) ?? ""
            }
            let journal = try text("PRAGMA journal_mode")
            let vacuum = try text("PRAGMA auto_vacuum")
            return [
                Self.journal(journal), Self.vacuum(vacuum),
                LibraryVersion.diagnosis(of: try text("SELECT sqlite_version()")),
            ]
        }
    }

    static func journal(_ mode: String) -> Diagnosis {
        guard mode != "wal" else {
            return Diagnosis(.schema, "journal_mode", .ok, "WAL")
        }
        return Diagnosis(
            .schema,
            "journal_mode",
            .warning,
            "\(mode), not WAL: somebody changed it",
            hint: "Start the services again: they set it back."
        )
    }

    static func vacuum(_ mode: String) -> Diagnosis {
        guard mode != "2" else {
            return Diagnosis(.schema, "auto_vacuum", .ok, "incremental")
        }
        return Diagnosis(
            .schema,
            "auto_vacuum",
            .note,
            "off: the file keeps its size after pruning, and uses the room again",
            hint: "`samovar backup` and `samovar restore` make a store that gives it back."
        )
    }
}

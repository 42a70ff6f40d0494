import GRDB

/// Whether the file is whole and its rows are all there.
extension Examination {
    /// What SQLite itself says of the file.
    ///
    /// - Parameter quick: leaves out whether indexes and tables agree, which takes most of the
    ///   time.
    /// - Returns: one diagnosis for the file, one for its references.
    package func file(quick: Bool) -> [Diagnosis] {
        let check = quick ? "quick_check" : "integrity_check"
        let integrity = diagnose(.file, check) { database in
            let rows = try String.fetchAll(database, sql: "PRAGMA \(check)(\(Self.examplesMost))")
            guard rows != ["ok"] else {
                let note = quick ? "; indexes were not compared" : ""
                return [Diagnosis(.file, check, .ok, "SQLite finds nothing wrong\(note)")]
            }
            return [
                Diagnosis(
                    .file,
                    check,
                    .failure,
                    rows.joined(separator: "; "),
                    hint: "Stop Samovar, keep a copy of the files, and restore a backup; "
                        + "`.recover` of sqlite3 saves what is left."
                )
            ]
        }
        return integrity + diagnose(.file, "foreign_keys", Self.references)
    }

    private static func references(in database: Database) throws -> [Diagnosis] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT "table", parent, count(*) AS rows, min(rowid) AS first
                FROM pragma_foreign_key_check
                GROUP BY 1, 2
                ORDER BY 1, 2
                """
        )
        guard !rows.isEmpty else {
            return [Diagnosis(.file, "foreign_keys", .ok, "every row has its parents")]
        }
        return rows.map { row in
            let (table, parent): (String, String) = (row["table"], row["parent"])
            let first = (row["first"] as Int64?).map { ", the first is \($0)" } ?? ""
            return Diagnosis(
                .file,
                "foreign_keys",
                .failure,
                "\(row["rows"] as Int) rows of \(table) name a \(parent) that is gone\(first)",
                hint: "Somebody deleted rows with the guards off: compare with the latest backup."
            )
        }
    }

    /// Whether nothing disappeared, and every row keeps its promises; all of one moment.
    package func rows() -> [Diagnosis] {
        let schema = self.schema
        return diagnose(.rows, "conservation") { database in
            let counts = try Self.conservation(schema: schema, in: database)
            return counts.diagnoses
                + (try Self.brokenPromises(schema: schema, in: database))
        }
    }

    /// Counts all that there is and was.
    package func conservation() throws(StoreError) -> Conservation {
        let schema = self.schema
        return try read { try Self.conservation(schema: schema, in: $0) }
    }

    private static func conservation(schema: Int, in database: Database) throws -> Conservation {
        func ledger(_ table: String, _ plural: String) throws -> Conservation.Ledger {
            func number(_ sql: String) throws -> Int64 {
                try Int64.fetchOne(database, sql: sql) ?? 0
            }
            let given = try number("SELECT seq FROM sqlite_sequence WHERE name = '\(table)'")
            let present = try number("SELECT count(*) FROM \(table)")
            // An older store did not count what went.
            guard schema >= 2 else {
                let gone = given - present
                return Conservation.Ledger(given: given, present: present, pruned: gone, skipped: 0)
            }
            return Conservation.Ledger(
                given: given,
                present: present,
                pruned: try number("SELECT pruned_\(plural) FROM store"),
                skipped: try number("SELECT skipped_\(plural) FROM store")
            )
        }
        func counts(_ sql: String) throws -> [String: Int64] {
            let rows = try Row.fetchAll(database, sql: sql)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int64) })
        }
        return Conservation(
            deliveries: try ledger("delivery", "deliveries"),
            jobs: try ledger("job", "jobs"),
            verdicts: try counts(
                "SELECT coalesce(verdict, 'waiting'), count(*) FROM routing GROUP BY 1"
            ),
            states: try counts("SELECT state, count(*) FROM job GROUP BY 1")
        )
    }

    private static func brokenPromises(schema: Int, in database: Database) throws -> [Diagnosis] {
        let asked = Invariant.all.filter { $0.schema <= schema }
        let broken = try asked.compactMap { invariant -> Diagnosis? in
            let count = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM (\(invariant.violations))"
            )
            guard let count, count > 0 else { return nil }
            let examples = try Int64.fetchAll(
                database,
                sql: "SELECT * FROM (\(invariant.violations)) LIMIT 3"
            )
            let listed = examples.map(String.init).joined(separator: ", ")
            let more = count > examples.count ? ", …" : ""
            return Diagnosis(
                .rows,
                "invariants",
                .failure,
                "not so: \(invariant.claim): \(listed)\(more) (\(count) in all)",
                hint: "Somebody changed rows with the guards off, or this is a mistake of "
                    + "Samovar's: keep a copy of the store and report it."
            )
        }
        guard broken.isEmpty else { return broken }
        return [
            Diagnosis(.rows, "invariants", .ok, "\(asked.count) promises hold for every row")
        ]
    }

    /// Damages that are listed before the list is cut.
    private static let examplesMost = 10
}

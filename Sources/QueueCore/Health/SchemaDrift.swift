/// A table, index, trigger or view.
package struct SchemaObject: Hashable, Sendable {
    package var kind: String
    package var name: String
    /// How it was made, blanks aside.
    package var sql: String

    package init(kind: String, name: String, sql: String) {
        self.kind = kind
        self.name = name
        self.sql = Self.normalised(sql)
    }

    /// The statement with one blank wherever it has some, except inside of quotes.
    static func normalised(_ sql: String) -> String {
        var text = ""
        var quote: Character?
        var hasBlank = false
        for character in sql {
            if quote == nil, character.isWhitespace {
                hasBlank = true
                continue
            }
            if hasBlank, !text.isEmpty { text.append(" ") }
            hasBlank = false
            text.append(character)
            switch (quote, character) {
            case (nil, "'"), (nil, "\""), (nil, "`"): quote = character
            case (character, _): quote = nil
            default: break
            }
        }
        return text
    }
}

/// How a store's schema differs from the one that the program's migrations make.
package struct SchemaDrift: Equatable, Sendable {
    package var missing: [String]
    package var changed: [String]
    package var extra: [String]

    package init(expected: Set<SchemaObject>, found: Set<SchemaObject>) {
        // SQLite's own tables, such as those of ANALYZE, are nobody's drift.
        let expected = expected.filter { !$0.name.hasPrefix("sqlite_") }
        let found = found.filter { !$0.name.hasPrefix("sqlite_") }
        func title(_ object: SchemaObject) -> String { "\(object.kind) \(object.name)" }
        let expectedNames = Set(expected.map(title))
        let foundNames = Set(found.map(title))
        missing = expectedNames.subtracting(foundNames).sorted()
        extra = foundNames.subtracting(expectedNames).sorted()
        changed = Set(expected.subtracting(found).map(title))
            .intersection(foundNames).sorted()
    }

    package var diagnoses: [Diagnosis] {
        let findings = [
            finding(
                missing,
                "missing",
                .failure,
                "What guards the queue is not there: restore it from the migrations, or restore a "
                    + "backup."
            ),
            finding(
                changed,
                "changed",
                .failure,
                "What guards the queue is not what this program made: restore it from the "
                    + "migrations, or restore a backup."
            ),
            finding(
                extra,
                "not Samovar's",
                .warning,
                "A later migration may collide with it: keep your own tables in a file of their "
                    + "own (ATTACH)."
            ),
        ].compactMap(\.self)
        guard findings.isEmpty else { return findings }
        return [Diagnosis(.schema, "schema_drift", .ok, "as the migrations make it")]
    }

    private func finding(
        _ names: [String],
        _ what: String,
        _ level: Diagnosis.Level,
        _ hint: String
    ) -> Diagnosis? {
        guard !names.isEmpty else { return nil }
        return Diagnosis(
            .schema,
            "schema_drift",
            level,
            "\(what): \(names.joined(separator: ", "))",
            hint: hint
        )
    }
}

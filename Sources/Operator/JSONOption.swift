import ArgumentParser
import Program
import QueueCore

/// The option of every command that prints what it found.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON for programs: times are RFC 3339, names are those of the columns.")
    var json = false

    /// Prints rows, as a table or as one array.
    ///
    /// - Parameters:
    ///   - records: the rows.
    ///   - columns: those that people see; programs get all.
    ///   - limit: how many rows were asked for, at most; people learn when that may have cut the
    ///     list short.
    ///   - emptyNote: what people are told when there are none.
    /// - Throws: when standard output cannot take it.
    func print(
        _ records: [Record],
        columns: [String],
        limit: Int? = nil,
        emptyNote: String
    ) throws {
        if json {
            try StandardOutput.write(JSONOutput.list(records.map { JSONValue($0) }))
        } else if records.isEmpty {
            StandardError.note(emptyNote)
        } else {
            let table = RecordRendering.now.table(records, columns: columns)
            try StandardOutput.write(table.text(on: .standardOutput()))
            Self.limitNote(limit, shown: records.count).map(StandardError.note)
        }
    }

    /// The same for rows about deliveries, whose seq is in the column `key`: people are shown what
    /// those are about as well, in the columns of ``DeliverySubjects``.
    ///
    /// Such a column stays away where no row has anything in it.
    func print(
        _ records: [Record],
        about key: String,
        columns: [String],
        limit: Int? = nil,
        emptyNote: String,
        store: SQLiteStore
    ) async throws {
        let shown =
            json ? records : try await DeliverySubjects.add(to: records, column: key, from: store)
        let kept = columns.filter { column in
            !DeliverySubjects.columns.contains(column)
                || shown.contains { $0[column] != .null }
        }
        try print(shown, columns: kept, limit: limit, emptyNote: emptyNote)
    }

    /// Says that there may be more rows than are shown.
    static func limitNote(_ limit: Int?, shown: Int) -> String? {
        guard let limit, shown >= limit else { return nil }
        return "the newest \(limit); --limit shows more"
    }
}

extension RecordRendering {
    /// Rendering as seen now.
    static var now: RecordRendering {
        RecordRendering(time: LocalTime(now: Clocks.system.now()))
    }
}

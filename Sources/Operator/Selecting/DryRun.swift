import QueueCore

/// What a filter found, before anything is done with it.
struct DryRun {
    /// What would be done: `requeue`.
    var verb: String
    /// What it would be done with, one of them.
    var noun: String
    var plural: String?
    var count: Int
    /// Kinds with their counts, or the things themselves.
    var counts: [Record]
    /// What people see of them.
    var columns: [String]
    var paceNote: String?

    /// Prints it: the answer of a dry run goes to standard output; what is shown before a question
    /// goes beside the answer that follows.
    func print(isDryRun: Bool, _ output: JSONOption) throws {
        if isDryRun {
            try StandardOutput.write(output.json ? JSONOutput.object(json) : text(isDryRun: true))
        } else {
            StandardError.write(text(isDryRun: false))
        }
    }

    /// The kinds as a table, and a sentence.
    func text(isDryRun: Bool) -> String {
        let terminal: Terminal = isDryRun ? .standardOutput() : .none
        let table =
            counts.isEmpty
            ? "" : RecordRendering.now.table(counts, columns: columns).text(on: terminal) + "\n"
        guard isDryRun else { return table + (paceNote.map { "\($0)\n" } ?? "") }
        let pace = paceNote.map { "; \($0)" } ?? ""
        let things = Quantity.count(count, noun, plural: plural)
        return "\(table)would \(verb) \(things)\(pace); nothing was changed\n"
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("dry_run", .boolean(true)),
            ("count", .integer(Int64(count))),
            ("counts", .array(counts.map(shown))),
        ])
    }

    private func shown(_ record: Record) -> JSONValue {
        .object(columns.map { (name: $0, value: JSONValue(record[$0])) })
    }
}

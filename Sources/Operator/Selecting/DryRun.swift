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
    /// The jobs that will be made; nil where none are.
    var forecast: ReplayForecast?

    /// Prints it: the answer of a dry run goes to standard output; what is shown before a question
    /// goes beside the answer that follows.
    func print(isDryRun: Bool, _ output: JSONOption) throws {
        if isDryRun {
            try StandardOutput.write(
                output.json
                    ? JSONOutput.object(json) : text(isDryRun: true, on: .standardOutput())
            )
        } else {
            StandardError.write(text(isDryRun: false, on: .none))
        }
    }

    /// The kinds as a table, and a sentence.
    func text(isDryRun: Bool, on terminal: Terminal) -> String {
        let table =
            counts.isEmpty
            ? "" : RecordRendering.now.table(counts, columns: columns).text(on: terminal) + "\n"
        let jobs = self.jobs(on: terminal)
        guard isDryRun else { return table + jobs + (paceNote.map { "\($0)\n" } ?? "") }
        let pace = paceNote.map { "; \($0)" } ?? ""
        let things = Quantity.count(count, noun, plural: plural)
        return "\(table)\(jobs)would \(verb) \(things)\(pace); nothing was changed\n"
    }

    /// What the forecast says, under its name.
    private func jobs(on terminal: Terminal) -> String {
        guard let forecast else { return "" }
        var text = forecast.note.map { "\($0)\n" } ?? ""
        if !forecast.jobs.isEmpty {
            text +=
                "jobs that will be made\n"
                + RecordRendering.now.table(forecast.jobs, columns: ["jobs", "route", "handler"])
                .text(on: terminal)
        } else if text.isEmpty {
            text = "no jobs will be made: no route matches\n"
        }
        return text + "\n"
    }

    /// One object.
    var json: JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("dry_run", .boolean(true)),
            ("count", .integer(Int64(count))),
            ("counts", .array(counts.map(shown))),
        ]
        if let forecast {
            members.append(("jobs", .array(forecast.jobs.map { JSONValue($0) })))
        }
        return .object(members)
    }

    private func shown(_ record: Record) -> JSONValue {
        .object(columns.map { (name: $0, value: JSONValue(record[$0])) })
    }
}

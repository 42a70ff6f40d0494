import ArgumentParser
import Program
import QueueCore

/// `samovar pause list`.
struct PauseListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what is paused, since when, why, and how many jobs wait for it.",
        discussion: """
            Examples:
              samovar pause list
              samovar pause list --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                var rows: [(pause: Pause, jobs: PausedJobs)] = []
                for pause in try await store.pauses() {
                    rows.append((pause, try await PausedJobs(pause.target, in: store)))
                }
                if output.json {
                    let values = rows.map { pause, jobs in
                        pause.json.adding("jobs", .integer(Int64(jobs.ready)))
                    }
                    try StandardOutput.write(JSONOutput.list(values))
                } else if rows.isEmpty {
                    StandardError.note("nothing is paused")
                } else {
                    let table = Self.table(rows, .now)
                    try StandardOutput.write(table.text(on: .standardOutput()))
                }
            }
        }
    }

    /// A row for each pause.
    static func table(_ rows: [(pause: Pause, jobs: PausedJobs)], _ time: LocalTime) -> Table {
        Table(
            header: ["kind", "name", "since", "jobs waiting", "reason"],
            rows: rows.map { pause, jobs in
                [
                    Cell(pause.target.kind),
                    pause.target.name.isEmpty ? .absent : Cell(pause.target.name),
                    Cell(time.short(pause.since)), Cell(jobs.ready),
                    pause.reason.map { Cell($0) } ?? .absent,
                ]
            }
        )
    }
}

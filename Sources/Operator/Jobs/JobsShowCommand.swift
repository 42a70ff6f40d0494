import ArgumentParser
import Program
import QueueCore

/// `samovar jobs show`.
struct JobsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job and its attempts.",
        discussion: """
            Examples:
              samovar jobs show 5
              samovar jobs show 5 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "The job's id.")
    var job: JobArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, _ in
                let record = try await job.record(in: store)
                let attempts = try await store.records(.attempts(job.id))
                if output.json {
                    let attempts = JSONValue.array(attempts.map { JSONValue($0) })
                    let value = JSONValue(record).adding("attempts", attempts)
                    try StandardOutput.write(JSONOutput.object(value))
                } else {
                    try StandardOutput.write(Self.text(record, attempts, .now, .standardOutput()))
                }
            }
        }
    }

    /// Fields, then the attempts.
    static func text(
        _ record: Record,
        _ attempts: [Record],
        _ rendering: RecordRendering,
        _ terminal: Terminal
    ) -> String {
        let fields = rendering.fields(record).text(on: terminal)
        guard !attempts.isEmpty else { return fields }
        let table = rendering.table(
            attempts,
            columns: [
                "number", "worker", "started_at", "ended_at", "outcome", "exit_code", "signal",
                "error",
            ]
        )
        return fields + "\nattempts\n" + table.text(on: terminal)
    }
}

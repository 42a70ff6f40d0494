import ArgumentParser
import Program
import QueueCore

/// `samovar breakers list`.
struct BreakersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the breakers that are open in living workers.",
        discussion: """
            Each with its handler, worker, since when, failures in a row, when the next job is \
            tried, how many jobs wait, and the last error.

            Examples:
              samovar breakers list
              samovar breakers list --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let shown = try await ShownBreaker.all(in: store, configuration)
                if output.json {
                    try StandardOutput.write(JSONOutput.list(shown.map(\.json)))
                } else if shown.isEmpty {
                    StandardError.note("no breaker is open")
                } else {
                    let table = ShownBreaker.table(shown, .now)
                    try StandardOutput.write(table.text(on: .standardOutput()))
                }
            }
        }
    }
}

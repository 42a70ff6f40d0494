import ArgumentParser
import Program
import QueueCore

/// `samovar dead list`.
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead jobs, the last that died first.",
        discussion: """
            Examples:
              samovar dead list
              samovar dead list --limit 100 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, _ in
                let records = try await store.records(.deadLetters(limit: limitOption.limit))
                try output.print(
                    records,
                    columns: [
                        "id", "delivery", "route", "handler", "repo", "attempt", "finished_at",
                        "reason", "last_error",
                    ],
                    emptyNote: "no dead jobs"
                )
            }
        }
    }
}

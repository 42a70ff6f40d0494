import ArgumentParser
import Program
import QueueCore

/// `samovar replay list`.
struct ReplayListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List batches of replays: how many wait, and what came of the others.",
        discussion: """
            Examples:
              samovar replay list
              samovar replay list --limit 100 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                try output.print(
                    try await store.records(.replayBatches(limit: limitOption.limit)),
                    columns: [
                        "batch", "requested_at", "last_at", "deliveries", "waiting", "cancelled",
                        "jobs", "only_route",
                    ],
                    limit: limitOption.limit,
                    emptyNote: "no replays yet: try `samovar replay DELIVERY`"
                )
            }
        }
    }
}

import ArgumentParser
import Program
import QueueCore

/// `samovar jobs list`.
struct JobsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs, newest first.",
        discussion: """
            Examples:
              samovar jobs list
              samovar jobs list --state leased
              samovar jobs list --handler ci --limit 100 --json
              samovar jobs list --delivery 17
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    @Option(help: "Only those in this state.")
    var state: JobState?

    @Option(help: ArgumentHelp("Only those of this handler.", valueName: "name"))
    var handler: String?

    @Option(help: "Only those of this delivery.")
    var delivery: DeliveryArgument?

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let seq = try await delivery?.find(in: store)
                let records = try await store.records(
                    .jobs(
                        limit: limitOption.limit,
                        state: state,
                        handler: handler.map { HandlerName(rawValue: $0) },
                        delivery: seq
                    )
                )
                let isFiltered = state != nil || handler != nil || delivery != nil
                try output.print(
                    records,
                    columns: [
                        "id", "delivery", "route", "handler", "repo", "state", "attempt",
                        "failures", "run_at", "finished_at", "reason",
                    ],
                    limit: limitOption.limit,
                    emptyNote: isFiltered
                        ? "no job is like that" : "no jobs yet: try `samovar send push`"
                )
            }
        }
    }
}

extension JobState: ExpressibleByArgument {}

import ArgumentParser
import Program
import QueueCore

/// `samovar jobs list`.
struct JobsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs, newest first.",
        discussion: """
            Sender, branch and title are read from the bodies of the deliveries that are shown; \
            --json has the columns of the store alone. A terminal that is too narrow is shown the \
            columns that say most.

            Examples:
              samovar jobs list
              samovar jobs list --state leased
              samovar jobs list --repo tea/kettle --since 2h --reason 'exit code'
              samovar jobs list --handler ci --limit 100 --json
              samovar jobs list --delivery 17
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    @OptionGroup(title: "Filter (all that are given must fit)") var filter: FilterOptions

    @Option(help: "Only those of this delivery.")
    var delivery: DeliveryArgument?

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                var selection = filter.selection(now: Clocks.system.now())
                selection.delivery = try await delivery?.find(in: store)
                let records = try await store.records(
                    .jobs(selection, limit: limitOption.limit)
                )
                try await output.print(
                    records,
                    about: "delivery",
                    columns: [
                        "id", "delivery", "route", "handler", "repo", "sender", "branch", "title",
                        "state", "attempt", "failures", "run_at", "finished_at", "reason",
                    ],
                    limit: limitOption.limit,
                    emptyNote: selection.isEmpty
                        ? "no jobs yet: try `samovar send push`" : "no job is like that",
                    store: store
                )
            }
        }
    }
}

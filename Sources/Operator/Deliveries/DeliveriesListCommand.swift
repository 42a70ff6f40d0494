import ArgumentParser
import Program
import QueueCore

/// `samovar deliveries list`.
struct DeliveriesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List deliveries, newest first.",
        discussion: """
            Repository, sender, branch and title are read from the bodies of those that are shown; \
            --json has the columns of the store alone. A terminal that is too narrow is shown the \
            columns that say most.

            Examples:
              samovar deliveries list
              samovar deliveries list --event issues --limit 100
              samovar deliveries list --verdict ignored --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    @Option(help: ArgumentHelp("Only those of this event type.", valueName: "type"))
    var event: String?

    @Option(help: "Only those with this verdict.")
    var verdict: VerdictFilter?

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let records = try await store.records(
                    .deliveries(
                        limit: limitOption.limit,
                        eventType: event,
                        verdict: verdict?.rawValue
                    )
                )
                try await output.print(
                    records,
                    about: "seq",
                    columns: [
                        "seq", "received_at", "event_type", "repository", "sender", "branch",
                        "title", "verdict", "source", "verified_by", "delivery_id", "body_bytes",
                        "repeats", "reason",
                    ],
                    limit: limitOption.limit,
                    emptyNote: event == nil && verdict == nil
                        ? "no deliveries yet: try `samovar send push`"
                        : "no delivery is like that",
                    store: store
                )
            }
        }
    }
}

/// A verdict, or none yet.
enum VerdictFilter: String, CaseIterable, ExpressibleByArgument {
    case waiting
    case routed
    case ignored
    case malformed
    case mismatched
    case repeated = "repeat"
    case dead
}

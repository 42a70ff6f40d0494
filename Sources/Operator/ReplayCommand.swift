import ArgumentParser
import Program
import QueueCore

/// `samovar replay`: routes a stored delivery again.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Route a stored delivery again, with today's routes.",
        discussion: """
            Its jobs are new ones; those it had before stay as they are. To give a dead job \
            another chance, use `samovar dead requeue`.

            Examples:
              samovar replay 17
              samovar replay d12cb7f3
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "A delivery's seq, id, or a beginning of it of at least 8 characters.")
    var delivery: DeliveryArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let seq = try await delivery.find(in: store)
                let record = try await store.records(.delivery(seq)).first ?? Record([])
                try await store.replay(seq)
                configuration.ringDoorbell()
                if output.json {
                    let members = ["seq", "delivery_id", "event_type"].map {
                        (name: $0, value: JSONValue(record[$0]))
                    }
                    try StandardOutput.write(JSONOutput.object(members))
                } else {
                    try StandardOutput.write(
                        "delivery \(seq) (\(record.text("event_type"))) will be routed again; "
                            + "`samovar deliveries show \(seq)` shows its jobs\n"
                    )
                }
            }
        }
    }
}

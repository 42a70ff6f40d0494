import ArgumentParser
import Program
import QueueCore

/// `samovar deliveries body`.
struct DeliveriesBodyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "body",
        abstract: "Write the body of a delivery to standard output, byte for byte.",
        discussion: """
            Examples:
              samovar deliveries body 17 > body.json
              samovar deliveries body d12cb7f3 | jq .ref
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Argument(help: "A delivery's seq, id, or a beginning of it of at least 8 characters.")
    var delivery: DeliveryArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let seq = try await delivery.find(in: store)
                guard let body = try await store.body(of: seq) else {
                    throw Failure(.notFound, "the body of delivery \(seq) was pruned")
                }
                try StandardOutput.write(body)
            }
        }
    }
}

import ArgumentParser
import Program
import QueueCore

/// `samovar deliveries body`.
struct DeliveriesBodyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "body",
        abstract: "Write the body of a delivery to standard output.",
        discussion: """
            Byte for byte to a pipe or a file; a terminal is shown control characters as escapes, \
            unless --raw is given.

            Examples:
              samovar deliveries body 17 > body.json
              samovar deliveries body d12cb7f3 | jq .ref
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var rawOption: RawOption

    @Argument(help: "A delivery's seq, id, or a beginning of it of at least 8 characters.")
    var delivery: DeliveryArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let seq = try await delivery.find(in: store)
                guard let body = try await store.body(of: seq) else {
                    throw Failure(.notFound, "the body of delivery \(seq) was pruned")
                }
                try StandardOutput.write(stored: body, isRaw: rawOption.raw)
            }
        }
    }
}

import ArgumentParser
import Program
import QueueCore

/// `samovar breakers close`.
struct BreakersCloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "Have a job of a handler tried at once, in each worker whose breaker is open.",
        discussion: """
            When the service answers, all its jobs go on; when it does not, the breaker is open \
            again for 5 s, then longer. Exit code 2 when no living worker has an open breaker of \
            the handler.

            Examples:
              samovar breakers close ci
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "The handler's name.")
    var handler: String

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let open = try await ShownBreaker.all(in: store, configuration).map(\.breaker)
                let name = HandlerName(rawValue: handler)
                let closed = Set(try await store.closeBreakers(of: name))
                let workers = open.filter { $0.handler == name && closed.contains($0.worker) }
                    .map(\.worker.rawValue)
                guard !workers.isEmpty else { throw Self.notOpen(name, open) }
                configuration.ringDoorbell()
                if output.json {
                    try StandardOutput.write(
                        JSONOutput.object([
                            ("handler", .string(handler)),
                            ("workers", .array(workers.map { .string($0) })),
                        ])
                    )
                } else {
                    try StandardOutput.write(
                        "closed the breaker of handler \(handler) in "
                            + "\(Quantity.count(workers.count, "worker")): the next job is tried "
                            + "at once\n"
                    )
                }
            }
        }
    }

    /// Says which are open instead.
    static func notOpen(_ handler: HandlerName, _ open: [OpenBreaker]) -> Failure {
        let names = Set(open.map(\.handler)).sorted().map(\.rawValue)
        return Failure(
            .notFound,
            "no living worker has an open breaker of handler \(handler)",
            hint: names.isEmpty ? "No breaker is open." : "Open: \(names.joined(separator: ", "))."
        )
    }
}

import ArgumentParser
import Logging
import Program
import QueueCore
import Settings

/// `samovar-ingress`: takes deliveries in, verifies them, makes them durable, answers.
@main
struct IngressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samovar-ingress",
        abstract: "Takes Gitea's webhooks in: verifies each, stores it durably, then answers.",
        discussion: """
            Stops on SIGTERM or SIGINT after answering what is in flight.

            Examples:
              samovar-ingress
              samovar-ingress --config /etc/samovar/samovar.yaml
            """,
        version: ProgramVersion.current
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Allow `ingress.listen` to be an address that other machines reach.")
    var allowPublic = false

    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var followStdin = false

    func run() async throws {
        ReadableLog.bootstrap(program: "ingress")
        try await reporting {
            let configuration = try configurationOption.load(secrets: .webhook)
            try refusePublicAddress(configuration.ingress)
            let logger = Logger(label: "samovar.ingress")
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            let requests = await StopRequests(followsStandardInput: followStdin)
            let store = try SQLiteStore(path: configuration.store, logger: logger)
            let service = try IngressService(
                settings: configuration.ingress,
                stateFolder: configuration.stateFolder,
                store: store,
                logger: logger
            )
            try await service.run(until: requests.stream())
            try await store.close()
        }
    }

    /// Deliveries come from a reverse proxy or a Gitea on this machine, unless the operator says
    /// that the network is meant.
    private func refusePublicAddress(_ ingress: IngressSettings) throws {
        let addresses =
            [("listen", ingress.listen)] + (ingress.health.map { [("health", $0)] } ?? [])
        let open = addresses.first { !$0.1.isLoopback }
        guard !allowPublic, let open else { return }
        throw Failure(
            .configuration,
            "ingress.\(open.0) is \(open.1), which other machines can reach",
            hint: "Listen on 127.0.0.1 behind a reverse proxy, or add --allow-public."
        )
    }
}

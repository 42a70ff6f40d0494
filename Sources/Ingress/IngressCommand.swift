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
            Stops on SIGTERM or SIGINT, or when its terminal is closed (not with nohup),
            after answering what is in flight. SIGHUP from anybody else reads the
            configuration again: secrets, sources and the TLS certificate change without a
            restart; a file with a mistake changes nothing, and the log names each.

            Takes sockets that systemd holds open (LISTEN_FDS, named 'hooks' and
            'health'), which then count instead of ingress.listen and ingress.health,
            and tells systemd (Type=notify) when it is ready, reloads, stops, and lives.

            Examples:
              samovar-ingress
              samovar-ingress --config /etc/samovar/samovar.yaml
            """,
        version: ProgramVersion.current
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Allow `ingress.listen` and `ingress.health` to be reached by other machines.")
    var allowPublic = false

    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var followStdin = false

    static func main() async {
        await main(ProgramArguments.words)
    }

    func run() async throws {
        ServiceLog.bootstrap(program: "ingress")
        // First of all: from here on SIGHUP ends nothing.
        let requests = await ServiceRequests(
            followsStandardInput: followStdin,
            endsStart: true
        )
        try await reporting {
            let logger = Logger(label: "samovar.ingress")
            let link = SupervisorLink.take(logger: logger)
            let passed = try PassedPorts(PassedSocket.takeAll())
            let configuration = try configurationOption.load(secrets: .webhook)
            ServiceLog.follow(configuration.log)
            try refusePublicAddress(configuration.ingress, passed)
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            link.status("opening the store")
            let opening = StoreOpening(path: configuration.store, logger: logger)
            let spool = try SpoolOpening(configuration, logger: logger)
            // With a spool it serves at once, and opens the store while it does.
            if spool.file == nil {
                // On the store's thread: a request to stop is heard meanwhile.
                try await withTaskExecutorPreference(opening.executor) {
                    _ = try opening.openNow(mayCreate: spool.trouble == nil)
                }
            }
            let service = try IngressService(
                configuration: configuration,
                passed: passed,
                opening: opening,
                spool: spool,
                link: link,
                logger: logger
            )
            requests.serves()
            try await service.run(until: requests)
            try await opening.close()
        }
    }

    /// Deliveries come from a reverse proxy or a Gitea on this machine, unless the operator says
    /// that the network is meant; a socket that was passed is one that an operator wrote down.
    private func refusePublicAddress(_ ingress: IngressSettings, _ passed: PassedPorts) throws {
        let addresses = [
            ("listen", passed.hooks.isEmpty ? ingress.listen : nil),
            ("health", passed.health == nil ? ingress.health : nil),
        ]
        let open = addresses.compactMap { PublicAddress("ingress.\($0.0)", $0.1) }.first
        guard !allowPublic, let open else { return }
        throw Failure(
            .configuration,
            "\(open)",
            hint: "Listen on 127.0.0.1 behind a reverse proxy, or add --allow-public."
        )
    }
}

import ArgumentParser
import Logging
import Program
import QueueCore
import Settings

/// `samovar-worker`: decides what each delivery means, and gets the jobs done.
@main
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samovar-worker",
        abstract: "Routes stored deliveries and runs their handlers, with leases and retries.",
        discussion: """
            Stops on SIGTERM or SIGINT: claims no more, waits for its handlers up to
            worker.shutdown_grace, then stops them and gives their jobs back. A second signal
            means now. Several workers may run at once on one machine.

            Examples:
              samovar-worker
              samovar-worker --config /etc/samovar/samovar.yaml
            """,
        version: ProgramVersion.current
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var followStdin = false

    func run() async throws {
        ReadableLog.bootstrap(program: "worker ")
        try await reporting {
            // The worker may run as a user that cannot read the webhook's secrets.
            let configuration = try configurationOption.load(secrets: .handlers)
            let logger = Logger(label: "samovar.worker")
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            let requests = await StopRequests(followsStandardInput: followStdin)
            let store = try SQLiteStore(path: configuration.store, logger: logger)
            let service = try WorkerService(
                configuration: configuration,
                store: store,
                clocks: .system,
                logger: logger
            )
            try await service.run(until: requests.stream())
            try await store.close()
        }
    }
}

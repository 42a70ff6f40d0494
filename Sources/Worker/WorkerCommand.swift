import ArgumentParser
import Health
import Logging
import Program
import QueueCore
import Settings
import Spawn

/// `samovar-worker`: decides what each delivery means, and gets the jobs done.
@main
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samovar-worker",
        abstract: "Routes stored deliveries and runs their handlers, with leases and retries.",
        discussion: """
            Stops on SIGTERM or SIGINT, or when its terminal is closed (not with nohup): \
            claims no more, waits for its handlers up to worker.shutdown_grace, \
            then stops them and gives their jobs back. A second signal \
            means now. A changed configuration file counts within a second or two, or at once \
            at SIGHUP: routes, handlers, gates, trust, gitea, log. A file with a mistake \
            changes nothing; the log and `samovar status` tell. Several workers may run at \
            once on one machine.

            Examples:
              samovar-worker
              samovar-worker --config /etc/samovar/samovar.yaml
            """,
        version: ProgramVersion.current
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Allow `worker.health` to be an address that other machines reach.")
    var allowPublic = false

    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var followStdin = false

    static func main() async {
        await main(ProgramArguments.words)
    }

    func run() async throws {
        LargeBlocks.giveBack()
        ServiceLog.bootstrap(program: "worker")
        // First of all: from here on SIGHUP ends nothing.
        let requests = await ServiceRequests(
            followsStandardInput: followStdin,
            endsStart: true
        )
        OrphanReaper.start()
        try await reporting {
            // The worker may run as a user that cannot read the webhook's secrets.
            let watch = FileWatch(try configurationOption.locate())
            let configuration = try configurationOption.load(secrets: .handlers)
            ServiceLog.follow(configuration.log)
            try refusePublicAddress(configuration.worker)
            let logger = Logger(label: "samovar.worker")
            let link = SupervisorLink.take(logger: logger)
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            link.status("opening the store")
            let metrics = StoreMetrics(path: configuration.store)
            let executor = StoreExecutor()
            // On the store's thread: a request to stop is heard meanwhile.
            let store = try await withTaskExecutorPreference(executor) {
                try SQLiteStore(
                    path: configuration.store,
                    logger: logger,
                    executor: executor,
                    metrics: metrics
                )
            }
            let service = try WorkerService(
                configuration: configuration,
                watch: watch,
                store: store,
                health: WorkerHealth(
                    address: configuration.worker.health,
                    store: metrics,
                    queue: QueueMetrics(path: configuration.store),
                    logger: logger
                ),
                clocks: .system,
                link: link,
                waitsForOthers: { store.isWaitingForTurn },
                logger: logger
            )
            requests.serves()
            try await service.run(until: requests.stops, reloading: requests.reloads)
            try await store.close()
        }
    }

    /// Figures are for this machine, unless the operator says that the network is meant.
    private func refusePublicAddress(_ worker: WorkerSettings) throws {
        guard !allowPublic, let open = PublicAddress("worker.health", worker.health) else { return }
        throw Failure(
            .configuration,
            "\(open)",
            hint: "Use 127.0.0.1 or none, or add --allow-public."
        )
    }
}

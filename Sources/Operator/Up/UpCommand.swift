import ArgumentParser
import Foundation
import Logging
import Program
import Settings
import Spawn

/// `samovar up`: runs ingress and worker together.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the ingress and a worker, and keep them running.",
        discussion: """
            Stays in the foreground. Ctrl-C or SIGTERM stops both: the ingress answers what is in \
            flight, the worker waits for its handlers; asked a second time, both stop at once. \
            So does closing its terminal, unless it was started with nohup. \
            The worker starts when the ingress is ready. SIGHUP is handed on to both. \
            A service that ends by itself is started again; whatever becomes of the worker, the \
            ingress goes on. An ingress that refuses to begin (exit code 64, 69 or 78) ends both \
            with its code.

            Examples:
              samovar up
              samovar up --welcome
              samovar up --config /srv/samovar/samovar.yaml
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Send a sample delivery, show the way it took, and say what to enter in Gitea.")
    var welcome = false

    @Flag(help: "Allow `ingress.listen` to be an address that other machines reach.")
    var allowPublic = false

    func run() async throws {
        ServiceLog.bootstrap(program: "up")
        // First of all: from here on SIGHUP ends nothing by itself.
        let requests = await ServiceRequests(followsStandardInput: false)
        OrphanReaper.start()
        let logger = Logger(label: "samovar.up")
        let link = SupervisorLink.take(logger: logger)
        try await reporting {
            let configuration = try configurationOption.load(secrets: .read)
            ServiceLog.follow(configuration.log)
            try refusePublicAddress(configuration.ingress)
            let commands = try ServiceCommand.all(
                in: ServiceCommand.ownFolder(),
                configuration: configuration,
                allowPublic: allowPublic
            )
            try OwnPorts(ingress: configuration.ingress).refuseTaken()
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            var supervisor = try Supervisor(commands, link: link, logger: logger)
            let code = await supervisor.run(
                until: requests.stops,
                reloading: requests.reloads
            ) { [welcome] in
                if welcome { await Welcome(configuration: configuration).show() }
            }
            throw ExitCode(code)
        }
    }

    /// The ingress would refuse it as well, but only after the worker had been started.
    private func refusePublicAddress(_ ingress: IngressSettings) throws {
        guard !allowPublic, !ingress.listen.isLoopback else { return }
        throw Failure(
            .configuration,
            "ingress.listen is \(ingress.listen), which other machines can reach",
            hint: "Listen on 127.0.0.1 behind a reverse proxy, or add --allow-public."
        )
    }
}

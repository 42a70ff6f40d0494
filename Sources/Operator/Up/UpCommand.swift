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
            A service that ends by itself is started again, unless it refuses its configuration.

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
        ReadableLog.bootstrap(program: "up     ")
        try await reporting {
            let configuration = try configurationOption.load(secrets: .read)
            try refusePublicAddress(configuration.ingress)
            let commands = try ServiceCommand.all(
                in: ServiceCommand.ownFolder(),
                configuration: configuration,
                allowPublic: allowPublic
            )
            let logger = Logger(label: "samovar.up")
            for warning in configuration.warnings {
                logger.warning("configuration", metadata: ["warning": "\(warning)"])
            }
            let requests = await StopRequests(followsStandardInput: false)
            var supervisor = try Supervisor(commands, logger: logger)
            let code = await supervisor.run(until: requests.stream()) { [welcome] in
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

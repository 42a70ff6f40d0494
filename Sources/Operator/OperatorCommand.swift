import ArgumentParser
import Program

/// `samovar`: sets a site up, starts it, looks into its queue, and runs things again.
@main
struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samovar",
        abstract: "Sets up, starts and inspects a durable webhook pipeline for Gitea.",
        discussion: """
            Examples:
              samovar init                 make ./.samovar with a fresh secret
              samovar up --welcome         start everything, show a first delivery
              samovar send push            send a signed sample delivery
              samovar status               how the queue stands
              samovar deliveries show 17   what became of a delivery, and why
              samovar jobs output 17       what a job's handler printed
              samovar dead requeue --all   give dead jobs another chance

            A delivery is named by its seq or by its id from Gitea, of which a
            beginning of at least 8 characters is enough; a job by its id.

            Exit codes:
              0   fine
              1   findings: something is not as it should be, or was refused
              2   not found
              64  usage
              69  the store is unavailable, or no ingress answers
              70  internal error
              78  configuration
            """,
        version: ProgramVersion.current,
        subcommands: [
            InitCommand.self, UpCommand.self, CheckCommand.self, SendCommand.self,
            StatusCommand.self, DeliveriesCommand.self, JobsCommand.self, ReplayCommand.self,
            DeadCommand.self, VersionCommand.self,
        ]
    )

    // Parsed here, it may stand before the name of a subcommand as well as after it: the parser
    // hands a group that was read once to every subcommand that has the same one.
    @OptionGroup var configurationOption: ConfigurationOption
}

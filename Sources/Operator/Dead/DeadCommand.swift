import ArgumentParser
import Program

/// `samovar dead`: jobs that will not run again unless somebody says so.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Show dead jobs, and give them another chance.",
        discussion: """
            Examples:
              samovar dead list
              samovar dead requeue 5 6
              samovar dead requeue --all
              samovar dead requeue --handler deploy --since 2h --dry-run
            """,
        subcommands: [DeadListCommand.self, DeadRequeueCommand.self]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

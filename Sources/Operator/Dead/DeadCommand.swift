import ArgumentParser
import Program

/// `samovar dead`: jobs that will not run again unless an operator says so.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Show dead jobs, give them another chance, or take them off the list.",
        discussion: """
            Examples:
              samovar dead list
              samovar dead requeue 5 6
              samovar dead requeue --all
              samovar dead requeue --handler deploy --since 2h --dry-run
              samovar dead discard 5 6
              samovar dead undiscard 5
            """,
        subcommands: [
            DeadListCommand.self, DeadRequeueCommand.self, DeadDiscardCommand.self,
            DeadUndiscardCommand.self,
        ]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

import ArgumentParser
import Program

/// `samovar jobs`: what is to be done about deliveries.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show jobs, their attempts, and what handlers printed.",
        discussion: """
            Examples:
              samovar jobs list --state dead
              samovar jobs show 5
              samovar jobs output 5 --attempt 1
            """,
        subcommands: [JobsListCommand.self, JobsShowCommand.self, JobsOutputCommand.self]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

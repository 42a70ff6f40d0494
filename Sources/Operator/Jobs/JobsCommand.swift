import ArgumentParser
import Program

/// `samovar jobs`: what is to be done about deliveries.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show jobs, say why they wait, cancel them, or run them now.",
        discussion: """
            Examples:
              samovar jobs list --state dead
              samovar jobs show 5
              samovar jobs why 5
              samovar jobs output 5 --attempt 1
              samovar jobs retry-now 5
              samovar jobs cancel 5 6
            """,
        subcommands: [
            JobsListCommand.self, JobsShowCommand.self, JobsWhyCommand.self,
            JobsOutputCommand.self, JobsRetryNowCommand.self, JobsCancelCommand.self,
        ]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

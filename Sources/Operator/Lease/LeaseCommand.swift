import ArgumentParser
import Program

/// `samovar lease`: workers' claims on the jobs that run.
struct LeaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease",
        abstract: "Verify that an attempt still counts, and list those that run.",
        discussion: """
            Examples:
              samovar lease verify "$SAMOVAR_TOKEN" || exit 75
              samovar lease list
            """,
        subcommands: [LeaseVerifyCommand.self, LeaseListCommand.self]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

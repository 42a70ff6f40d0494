import ArgumentParser
import Program

/// `samovar deliveries`: what Gitea sent.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show stored deliveries.",
        discussion: """
            Examples:
              samovar deliveries list --event push
              samovar deliveries show 17
              samovar deliveries body d12cb7f3 > body.json
            """,
        subcommands: [
            DeliveriesListCommand.self, DeliveriesShowCommand.self, DeliveriesBodyCommand.self,
        ]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

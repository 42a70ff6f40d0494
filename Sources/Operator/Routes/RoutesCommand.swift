import ArgumentParser
import Program

/// `samovar routes`: what the rules say, of deliveries that came and of those that might.
struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Show the routes, explain what they decided, and try them; nothing is run.",
        discussion: """
            Examples:
              samovar routes list
              samovar routes explain 17
              samovar routes test delivery.http
              samovar routes test payload.json --event push
              samovar routes diff --since 7d new.yaml
            """,
        subcommands: [
            RoutesListCommand.self, RoutesExplainCommand.self, RoutesTestCommand.self,
            RoutesDiffCommand.self,
        ]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

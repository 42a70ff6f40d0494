import ArgumentParser
import Program

/// `samovar replay`: routes stored deliveries again.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Route stored deliveries again, with today's routes.",
        usage: """
            samovar replay <delivery> ... [--rate <number/unit>]
            samovar replay <filter> [--only-route <name>] [--dry-run] [--yes] [--rate <number/unit>]
            samovar replay list
            samovar replay cancel <batch> ...
            """,
        discussion: """
            Their jobs are new ones; those they had before stay as they are. To give a dead job \
            another chance, use `samovar dead requeue`. `samovar replay start --help` lists the \
            options of a filter.

            Examples:
              samovar replay 17
              samovar replay d12cb7f3 18
              samovar replay --verdict ignored --since 7d --event release --dry-run
              samovar replay --route deploy --state dead --rate 10/m --yes
              samovar replay list
              samovar replay cancel 12
            """,
        subcommands: [
            ReplayStartCommand.self, ReplayListCommand.self, ReplayCancelCommand.self,
        ],
        defaultSubcommand: ReplayStartCommand.self
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

import ArgumentParser
import Program

/// `samovar breakers`: services that cannot be reached.
struct BreakersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breakers",
        abstract: "Show which http handlers cannot be reached, and have one tried at once.",
        discussion: """
            A worker that did not reach the service of an http handler five times in a row opens \
            its breaker: the handler's jobs wait, which costs them no failures for a day, and one \
            of them tries now and then.

            Examples:
              samovar breakers list
              samovar breakers close ci
            """,
        subcommands: [BreakersListCommand.self, BreakersCloseCommand.self]
    )

    @OptionGroup var configurationOption: ConfigurationOption
}

import ArgumentParser
import Program
import QueueCore

/// `samovar dead undiscard`.
struct DeadUndiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undiscard",
        abstract: "Put discarded jobs back on the list of dead jobs.",
        discussion: """
            They are dead again as they were, with the time of their death, from which their \
            retention counts. Exit code 2 when none of the jobs is discarded.

            Examples:
              samovar dead undiscard 5 6
              samovar dead undiscard --handler deploy --dry-run
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targets: JobTargets

    @Flag(help: "All that are discarded now; with a filter, all that fit.")
    var all = false

    func validate() throws {
        try targets.check(.undiscard, isAll: all, allHint: ", say --all")
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                try await JobOrder(wish: .undiscard, targets: targets, isAll: all, output: output)
                    .run(in: store, configuration)
            }
        }
    }
}

import ArgumentParser
import Program
import QueueCore

/// `samovar dead discard`.
struct DeadDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Take dead jobs off the list, and keep their rows.",
        discussion: """
            A discarded job is cancelled, with the reason it died of: it is not counted as dead any \
            more, and is pruned when its retention, counted from now, is over. Until then \
            `samovar dead undiscard` takes it back; \
            `samovar jobs list --state discarded` shows all of them.

            Several jobs of a filter are counted first and asked about; --yes skips the question. \
            --all asks as well, but only on a terminal. Exit code 2 when none of the jobs is dead.

            Examples:
              samovar dead discard 5 6
              samovar dead discard --all
              samovar dead discard --handler deploy --reason 'exit code 64' --dry-run
              samovar dead discard --until 7d --yes
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targets: JobTargets

    @Flag(help: "All that are dead now; with a filter, all that fit.")
    var all = false

    func validate() throws {
        try targets.check(.discard, isAll: all, allHint: ", say --all")
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                try await JobOrder(wish: .discard, targets: targets, isAll: all, output: output)
                    .run(in: store, configuration)
            }
        }
    }
}

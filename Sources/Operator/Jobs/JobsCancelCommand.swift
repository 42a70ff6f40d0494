import ArgumentParser
import Program
import QueueCore

/// `samovar jobs cancel`.
struct JobsCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs: those that wait at once, those that run after stopping them.",
        discussion: """
            A cancelled job frees its lane and never runs again; `samovar replay` makes new ones \
            of its delivery. The handler of a job that runs is stopped within some seconds.

            Several jobs of a filter are counted first and asked about; --yes skips the question. \
            Exit code 2 when none could be cancelled.

            Examples:
              samovar jobs cancel 5 6
              samovar jobs cancel --handler deploy --since 2h --dry-run
              samovar jobs cancel --repo tea/kettle --state ready --yes
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targets: JobTargets

    func validate() throws {
        try targets.check(.cancel)
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                try await JobOrder(wish: .cancel, targets: targets, output: output)
                    .run(in: store, configuration)
            }
        }
    }
}

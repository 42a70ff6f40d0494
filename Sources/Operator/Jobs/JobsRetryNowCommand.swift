import ArgumentParser
import Program
import QueueCore

/// `samovar jobs retry-now`.
struct JobsRetryNowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry-now",
        abstract: "Make ready jobs due now that wait for a retry, a snooze, or their turn.",
        discussion: """
            Failures so far keep counting; limits, lanes and pauses hold as ever: \
            `samovar jobs why` says what else a job waits for. A dead job gets another chance with \
            `samovar dead requeue`. Exit code 2 when none was ready.

            Examples:
              samovar jobs retry-now 5
              samovar jobs retry-now --handler deploy --dry-run
              samovar jobs retry-now --handler deploy --yes
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targets: JobTargets

    func validate() throws {
        try targets.check(.retryNow)
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                try await JobOrder(wish: .retryNow, targets: targets, output: output)
                    .run(in: store, configuration)
            }
        }
    }
}

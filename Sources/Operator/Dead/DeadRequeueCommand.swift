import ArgumentParser
import Program
import QueueCore

/// `samovar dead requeue`.
struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Give dead jobs a new budget of attempts.",
        discussion: """
            A filter leaves out a dead job that a later one of the same route and delivery has \
            replaced (a replay's: dead as well, live, or done), because that would run twice. \
            --all takes them too, and so does naming them.

            Several jobs of a filter are counted first and asked about; --yes skips the question. \
            --all asks as well, but only on a terminal. Exit code 2 when none of the jobs is dead.

            Examples:
              samovar dead requeue 5 6
              samovar dead requeue --all
              samovar dead requeue --handler deploy --reason 'connection refused' --dry-run
              samovar dead requeue --since 2h --rate 10/m --yes
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var targets: JobTargets
    @OptionGroup var rate: RateOption

    @Flag(help: "All that are dead now; with a filter, all that fit, also those replaced since.")
    var all = false

    func validate() throws {
        try targets.check(.requeue, isAll: all, allHint: ", say --all")
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let order = JobOrder(
                    wish: .requeue,
                    targets: targets,
                    isAll: all,
                    rate: rate,
                    output: output
                )
                try await order.run(in: store, configuration)
            }
        }
    }
}

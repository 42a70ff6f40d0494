import ArgumentParser

/// Measures the queue engine without handlers: claims and completions, and what they cost.
///
/// Each measurement is one JSON object on a line of standard output, of which `Benchmarks/run`
/// makes tables.
@main
struct EngineBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "EngineBenchmark",
        abstract: "Measures the queue engine: one JSON object per measurement.",
        discussion: """
            Examples:
              EngineBenchmark drain --dir /tmp/bench --jobs 200000 --workers 4 --slots 64
              EngineBenchmark claim-cost --dir /tmp/bench --only held-lane,many-groups
            """,
        subcommands: [
            FillCommand.self, DrainCommand.self, DrainWorkerCommand.self, ClaimCostCommand.self,
            RouteCommand.self,
        ]
    )
}

import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar prune`: removes now what the retention no longer keeps.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove now what `retention:` no longer keeps.",
        discussion: """
            Workers do the same while they run, so this is for a site whose retention was \
            shortened, and for those that cannot wait. Small steps: everything else goes on.

            Examples:
              samovar prune --dry-run
              samovar prune
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Flag(help: "Count, and remove nothing.")
    var dryRun = false

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let retention = configuration.retention.retention
                let pruned =
                    dryRun
                    ? try await store.prunable(retention)
                    : try await Self.prune(store, retention)
                if output.json {
                    try StandardOutput.write(JSONOutput.object(Self.json(pruned, dryRun: dryRun)))
                } else {
                    try StandardOutput.write(Self.text(pruned, dryRun: dryRun))
                }
            }
        }
    }

    /// Runs steps until nothing is left.
    static func prune(_ store: SQLiteStore, _ retention: Retention) async throws -> Pruned {
        var sum = Pruned()
        while true {
            let step = try await store.prune(retention)
            sum.bodies += step.bodies
            sum.jobs += step.jobs
            sum.deliveries += step.deliveries
            sum.pages += step.pages
            // What a row goes with goes a step earlier, so the last step finds nothing.
            guard !step.isEmpty else { return sum }
        }
    }

    static func text(_ pruned: Pruned, dryRun: Bool) -> String {
        let parts = [
            Quantity.count(pruned.bodies, "body", plural: "bodies"),
            Quantity.count(pruned.jobs, "job"),
            Quantity.count(pruned.deliveries, "delivery", plural: "deliveries"),
        ]
        let verb = dryRun ? "would prune" : "pruned"
        let room =
            pruned.pages > 0
            ? "; gave \(Quantity.text(bytes: Int64(pruned.pages) * 4096)) back to the disk" : ""
        return "\(verb) \(parts.joined(separator: ", "))\(room)\n"
    }

    static func json(_ pruned: Pruned, dryRun: Bool) -> JSONValue {
        .object([
            ("dry_run", .boolean(dryRun)),
            ("bodies", .integer(Int64(pruned.bodies))),
            ("jobs", .integer(Int64(pruned.jobs))),
            ("deliveries", .integer(Int64(pruned.deliveries))),
            ("pages", .integer(Int64(pruned.pages))),
        ])
    }
}

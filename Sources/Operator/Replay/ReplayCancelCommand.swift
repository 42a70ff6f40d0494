import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar replay cancel`.
struct ReplayCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Take replays back: those that wait, and the jobs that came of the others.",
        discussion: """
            What is done stays done; jobs that run are stopped. Exit code 2 when there is no such \
            batch; the others that were named are cancelled.

            Examples:
              samovar replay cancel 12
              samovar replay cancel 12 13
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "Numbers of batches, as `samovar replay list` shows them.")
    var batches: [Int64]

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                var cancelled: [(batch: Int64, cancellation: ReplayCancellation)] = []
                var missing: [Int64] = []
                for batch in unique {
                    guard let cancellation = try await store.cancelReplay(batch: batch) else {
                        missing.append(batch)
                        continue
                    }
                    cancelled.append((batch, cancellation))
                }
                if cancelled.isEmpty { throw Self.failure(missing, isNothing: true) }
                // What a cancelled job held, its lane for example, is free now.
                configuration.ringDoorbell()
                try StandardOutput.write(
                    output.json
                        ? JSONOutput.list(cancelled.map(Self.json))
                        : cancelled.map(Self.text).joined()
                )
                if !missing.isEmpty { throw Self.failure(missing, isNothing: false) }
            }
        }
    }

    private var unique: [Int64] {
        var seen: Set<Int64> = []
        return batches.filter { seen.insert($0).inserted }
    }

    /// Says which are not there.
    static func failure(_ missing: [Int64], isNothing: Bool) -> Failure {
        let names = missing.map(\.description).joined(separator: ", ")
        return Failure(
            .notFound,
            "there is no batch of replays \(names)" + (isNothing ? "; nothing was changed" : ""),
            hint: "`samovar replay list` shows the newest."
        )
    }

    /// One line: what was taken back.
    static func text(_ batch: Int64, _ cancellation: ReplayCancellation) -> String {
        var parts: [String] = []
        if cancellation.requests > 0 {
            let count = ReplayStartCommand.count(cancellation.requests)
            parts.append("\(count) will not be routed again")
        }
        if cancellation.jobs > 0 {
            parts.append("\(Quantity.count(cancellation.jobs, "job")) cancelled")
        }
        if cancellation.stopping > 0 {
            let runs = cancellation.stopping == 1 ? "runs and is" : "run and are"
            parts.append("\(Quantity.count(cancellation.stopping, "job")) \(runs) being stopped")
        }
        let done = parts.isEmpty ? "nothing was left to cancel" : parts.joined(separator: ", ")
        return "batch \(batch): \(done)\n"
    }

    private static func json(_ batch: Int64, _ cancellation: ReplayCancellation) -> JSONValue {
        .object([
            ("batch", .integer(batch)),
            ("deliveries", .integer(Int64(cancellation.requests))),
            ("jobs", .integer(Int64(cancellation.jobs))),
            ("stopping", .integer(Int64(cancellation.stopping))),
        ])
    }
}

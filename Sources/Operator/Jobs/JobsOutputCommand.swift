import ArgumentParser
import Program
import QueueCore

/// `samovar jobs output`.
struct JobsOutputCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "output",
        abstract: "Write what a job's handler printed to standard output.",
        discussion: """
            Byte for byte to a pipe or a file; a terminal is shown control characters as escapes, \
            unless --raw is given. Of a long output the beginning and the end are kept; a note on standard error says so.

            Examples:
              samovar jobs output 5
              samovar jobs output 5 --attempt 1
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var rawOption: RawOption

    @Argument(help: "The job's id.")
    var job: JobArgument

    @Option(help: ArgumentHelp("This attempt, not the last one with output.", valueName: "number"))
    var attempt: Int64?

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let record = try await job.record(in: store)
                guard let output = try await store.output(of: job.id, attempt: attempt) else {
                    throw try await missing(record, store)
                }
                try StandardOutput.write(stored: output.kept, isRaw: rawOption.raw)
                if output.bytes > output.kept.count {
                    StandardError.note(
                        "the handler printed \(Quantity.text(bytes: output.bytes)): "
                            + "only the beginning and the end were kept"
                    )
                }
            }
        }
    }

    private func missing(_ record: Record, _ store: SQLiteStore) async throws -> Failure {
        let numbers = try await store.records(.attempts(job.id)).compactMap { $0.integer("number") }
        if let attempt, !numbers.contains(attempt) {
            return Failure(
                .notFound,
                "job \(job.id) has no attempt \(attempt)",
                hint: "`samovar jobs show \(job.id)` lists its attempts."
            )
        }
        return Failure(
            .notFound,
            "job \(job.id) has no output (its state is \(record.text("state")))",
            hint: "Output is stored when an attempt ends."
        )
    }
}

import ArgumentParser
import Program
import QueueCore

/// `samovar jobs show`.
struct JobsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job, its attempts, and the jobs that replay it.",
        discussion: """
            Examples:
              samovar jobs show 5
              samovar jobs show 5 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "The job's id.")
    var job: JobArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let record = try await job.record(in: store)
                let attempts = try await store.records(.attempts(job.id))
                let lineage = try await lineage(record, store)
                if output.json {
                    let value = JSONValue(record)
                        .adding("replay_chain", Self.ids(lineage.replayOf))
                        .adding("replayed_by", Self.ids(lineage.replays))
                        .adding("attempts", .array(attempts.map { JSONValue($0) }))
                    try StandardOutput.write(JSONOutput.object(value))
                } else {
                    try StandardOutput.write(
                        Self.text(record, lineage, attempts, .now, .standardOutput())
                    )
                }
            }
        }
    }

    /// A replay's jobs belong to the same delivery.
    private func lineage(_ record: Record, _ store: SQLiteStore) async throws -> JobLineage {
        let delivery = record.integer("delivery").map(DeliverySeq.init(rawValue:))
        let jobs = try await store.records(
            .jobs(Selection(delivery: delivery), limit: Self.jobsMax)
        )
        return JobLineage(of: job.id, among: jobs)
    }

    /// More jobs than a delivery has, unless it was replayed thousands of times.
    private static let jobsMax = 10_000

    private static func ids(_ jobs: [JobID]) -> JSONValue {
        .array(jobs.map { .integer($0.rawValue) })
    }

    /// Fields, then the attempts.
    static func text(
        _ record: Record,
        _ lineage: JobLineage,
        _ attempts: [Record],
        _ rendering: RecordRendering,
        _ terminal: Terminal
    ) -> String {
        var list = rendering.fields(record)
        list.fields += lineage.fields
        let fields = list.text(on: terminal)
        guard !attempts.isEmpty else { return fields }
        let table = rendering.table(
            attempts,
            columns: [
                "number", "worker", "started_at", "ended_at", "outcome", "exit_code", "signal",
                "http_status", "error",
            ]
        )
        return fields + "\nattempts\n" + table.text(on: terminal)
    }
}

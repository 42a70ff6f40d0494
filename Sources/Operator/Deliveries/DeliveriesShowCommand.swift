import ArgumentParser
import Program
import QueueCore

/// `samovar deliveries show`.
struct DeliveriesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a delivery, its jobs, and what every route said to it.",
        discussion: """
            Examples:
              samovar deliveries show 17
              samovar deliveries show d12cb7f3 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "A delivery's seq, id, or a beginning of it of at least 8 characters.")
    var delivery: DeliveryArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let seq = try await delivery.find(in: store)
                guard let record = try await store.records(.delivery(seq)).first else {
                    throw Failure(.notFound, "delivery \(seq) was removed just now")
                }
                let jobs = try await store.records(
                    .jobs(Selection(delivery: seq), limit: Self.jobsMax)
                )
                if output.json {
                    let jobs = JSONValue.array(jobs.map { JSONValue($0) })
                    let value = JSONValue(record).adding("jobs", jobs)
                    try StandardOutput.write(JSONOutput.object(value))
                } else {
                    try StandardOutput.write(Self.text(record, jobs, .now, .standardOutput()))
                }
            }
        }
    }

    /// More jobs than a delivery has, unless it was replayed thousands of times.
    private static let jobsMax = 10_000

    /// Fields, what gates and routes said, as `routes explain` says it, and the jobs, oldest first.
    static func text(
        _ record: Record,
        _ jobs: [Record],
        _ rendering: RecordRendering,
        _ terminal: Terminal
    ) -> String {
        var text = rendering.fields(record, without: ["headers", "decision"]).text(on: terminal)
        text += laidOut(record, "headers")
        if case .json(let json) = record["decision"], let decision = DecisionRecord(json: json) {
            text += DecisionText(now: nil, then: decision).text(on: terminal)
        } else {
            text += laidOut(record, "decision")
        }
        guard !jobs.isEmpty else { return text }
        return text + "\nin the queue\n" + queue(jobs, rendering).text(on: terminal)
    }

    /// A column's JSON under its name; empty without one.
    private static func laidOut(_ record: Record, _ column: String) -> String {
        guard case .json(let json) = record[column] else { return "" }
        let lines = JSONIndentation.lines(json).map { "  \(VisibleText.line($0))\n" }
        return "\n\(column)\n\(lines.joined())"
    }

    private static func queue(_ jobs: [Record], _ rendering: RecordRendering) -> Table {
        var columns = [
            "id", "route", "handler", "lane", "state", "attempt", "failures", "run_at",
            "finished_at", "reason",
        ]
        // Which replay made a job, and what it did again, once there were replays.
        if jobs.contains(where: { $0["replay"] != .null }) {
            columns.insert(contentsOf: ["replay", "replay_of"], at: 1)
        }
        return rendering.table(jobs.reversed(), columns: columns)
    }
}

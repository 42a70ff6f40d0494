import ArgumentParser
import Program
import QueueCore

/// `samovar dead list`.
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead jobs, the last that died first.",
        discussion: """
            Examples:
              samovar dead list
              samovar dead list --limit 100 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limitOption: LimitOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, _ in
                let records = try await store.records(.deadLetters(limit: limitOption.limit))
                let shown = output.json ? records : Self.withoutEchoes(records)
                var columns = [
                    "id", "delivery", "route", "handler", "repo", "sender", "branch", "title",
                    "attempt", "finished_at", "reason",
                ]
                if shown.contains(where: { $0["last_error"] != .null }) {
                    columns.append("last_error")
                }
                try await output.print(
                    shown,
                    about: "delivery",
                    columns: columns,
                    limit: limitOption.limit,
                    emptyNote: "no dead jobs",
                    store: store
                )
            }
        }
    }

    /// Leaves out the errors that the reasons repeat, as most do.
    static func withoutEchoes(_ records: [Record]) -> [Record] {
        records.map { record in
            let error = record.text("last_error")
            guard !error.isEmpty, record.text("reason").contains(error) else { return record }
            return Record(
                record.columns.map { ($0.name, $0.name == "last_error" ? .null : $0.value) }
            )
        }
    }
}

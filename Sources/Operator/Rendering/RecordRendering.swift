import QueueCore

/// How rows of the store become cells.
struct RecordRendering: Sendable {
    private let time: LocalTime

    /// Rendering as seen at a moment.
    init(time: LocalTime) {
        self.time = time
    }

    /// A table of some columns; the header leaves the `_at` of times out.
    ///
    /// When a job is due is shown of those that are ready: of others it says nothing any more.
    func table(_ records: [Record], columns: [String]) -> Table {
        Table(
            header: columns.map(Self.heading),
            rows: records.map { record in
                let isOver = !["", JobState.ready.rawValue].contains(record.text("state"))
                return columns.map { column -> Cell in
                    if column == "run_at", isOver { return .absent }
                    // Cancelled, as the store has it, would hide what happened.
                    if column == "state", record["died_at"] != .null {
                        return Cell(StateArgument.discarded)
                    }
                    return cell(record[column], column: column, isShort: true)
                }
            },
            dispensable: Self.dispensable
        )
    }

    /// What a narrow terminal is not shown, the least useful first: states, titles, reasons and
    /// errors stay.
    private static let dispensable = [
        "body_bytes", "verified_by", "failures", "repeats", "source", "attempt", "delivery_id",
        "lane", "replay_of", "finished", "due", "handler", "sender", "branch", "worker", "started",
        "delivery", "received", "repo", "repository",
    ]

    private static func heading(_ column: String) -> String {
        if column == "run_at" { return "due" }
        return column.hasSuffix("_at") ? String(column.dropLast(3)) : column
    }

    /// All columns but some, with times in full.
    func fields(_ record: Record, without hidden: Set<String> = []) -> FieldList {
        FieldList(
            record.columns.filter { !hidden.contains($0.name) }.map { name, value in
                (name, cell(value, column: name, isShort: false))
            }
        )
    }

    /// One value of a row; times in short or in full.
    func cell(_ value: Record.Value, column: String, isShort: Bool) -> Cell {
        switch value {
        case .null: Self.absence(of: column)
        case .integer(let number): Cell(number)
        case .real(let number): Cell(String(number), isNumber: true)
        case .text(let text) where text.isEmpty: .absent
        case .text(let text): Cell(text, tone: Self.tone(of: text, column: column))
        case .time(let moment): Cell(isShort ? time.short(moment) : time.full(moment))
        case .json(let text): Cell(text)
        }
    }

    private static func absence(of column: String) -> Cell {
        switch column {
        case "verdict": Cell("waiting", tone: .attention)
        // As `verify: observe` lets them in.
        case "verified_by": Cell("unverified", tone: .attention)
        default: .absent
        }
    }

    private static func tone(of text: String, column: String) -> Tone {
        guard ["state", "verdict", "outcome"].contains(column) else { return .plain }
        return switch text {
        case "done", "routed": .good
        case "dead", "malformed", "mismatched", "lost": .bad
        case "leased", "retry": .attention
        default: .plain
        }
    }
}

import QueueCore

/// How rows of the store become cells.
struct RecordRendering: Sendable {
    private let time: LocalTime

    /// Rendering as seen at a moment.
    init(time: LocalTime) {
        self.time = time
    }

    /// A table of some columns; the header leaves the `_at` of times out.
    func table(_ records: [Record], columns: [String]) -> Table {
        Table(
            header: columns.map { $0.hasSuffix("_at") ? String($0.dropLast(3)) : $0 },
            rows: records.map { record in
                columns.map { cell(record[$0], column: $0, isShort: true) }
            }
        )
    }

    /// All columns but some, with times in full.
    func fields(_ record: Record, without hidden: Set<String> = []) -> FieldList {
        FieldList(
            record.columns.filter { !hidden.contains($0.name) }.map { name, value in
                (name, cell(value, column: name, isShort: false))
            }
        )
    }

    private func cell(_ value: Record.Value, column: String, isShort: Bool) -> Cell {
        switch value {
        case .null: column == "verdict" ? Cell("waiting", tone: .attention) : .absent
        case .integer(let number): Cell(number)
        case .real(let number): Cell(String(number), isNumber: true)
        case .text(let text) where text.isEmpty: .absent
        case .text(let text): Cell(text, tone: Self.tone(of: text, column: column))
        case .time(let moment): Cell(isShort ? time.short(moment) : time.full(moment))
        case .json(let text): Cell(text)
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

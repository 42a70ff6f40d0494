/// One value in a table.
struct Cell: Equatable, Sendable {
    /// What is shown, on one line.
    let text: String

    /// Numbers stand right in their column.
    let isNumber: Bool

    /// How it stands out on a terminal.
    let tone: Tone

    /// A cell; its text is made fit for a terminal.
    init(_ text: String, isNumber: Bool = false, tone: Tone = .plain) {
        self.text = VisibleText.line(text)
        self.isNumber = isNumber
        self.tone = tone
    }

    /// A number.
    init(_ number: some BinaryInteger) {
        self.init(String(number), isNumber: true)
    }

    /// A value that is not there.
    static let absent = Cell("-", tone: .quiet)
}

/// Rows under a header, aligned for people.
struct Table: Equatable, Sendable {
    /// The names of the columns.
    var header: [String]

    /// The rows, each with one cell for every column.
    var rows: [[Cell]]

    /// The names of columns that a narrow terminal is not shown, the first of them first.
    var dispensable: [String] = []

    private static let gap = "  "

    /// Columns whose texts may be long: they share the room that the others leave.
    private static let elastic: Set = ["reason", "last_error", "error", "title", "because"]

    /// What is left of such a text even on a narrow terminal.
    private static let elasticLeast = 16

    /// The lines of the table, header first, each with a line feed.
    ///
    /// - Parameter terminal: its width takes dispensable columns away, then cuts long lines off, so
    ///   that rows stay rows.
    /// - Returns: the whole text.
    func text(on terminal: Terminal) -> String {
        guard let width = terminal.width else { return text(columns, terminal) }
        var shown = columns
        for name in dispensable where Self.need(shown) > width {
            shown.removeAll { $0.name == name }
        }
        return text(Self.fitted(shown, to: width), terminal)
    }

    private func text(_ columns: [Column], _ terminal: Terminal) -> String {
        let headerCells = header.map { Cell($0, tone: .quiet) }
        return ([headerCells] + rows).map { row in
            Self.line(row, columns, terminal) + "\n"
        }.joined()
    }

    private var columns: [Column] {
        header.indices.map { column in
            let cells = rows.map { $0[column] }
            let values = cells.filter { $0 != .absent }
            return Column(
                name: header[column],
                index: column,
                width: cells.map(\.text.count).reduce(header[column].count, max),
                isRight: !values.isEmpty && values.allSatisfy(\.isNumber)
            )
        }
    }

    /// Characters that columns need, long texts cut to their least.
    private static func need(_ columns: [Column]) -> Int {
        let widths = columns.map { column in
            elastic.contains(column.name) ? min(column.width, elasticLeast) : column.width
        }
        return widths.reduce(0, +) + gap.count * max(columns.count - 1, 0)
    }

    /// The columns with the room that the others leave shared among the long ones: the shorter of
    /// these first, so that what they do not need is for the longer.
    private static func fitted(_ columns: [Column], to width: Int) -> [Column] {
        var columns = columns
        let long = columns.indices.filter { elastic.contains(columns[$0].name) }
            .sorted { columns[$0].width < columns[$1].width }
        let others = columns.indices.filter { !long.contains($0) }.map { columns[$0].width }
        var room = width - others.reduce(0, +) - gap.count * max(columns.count - 1, 0)
        for (number, index) in long.enumerated() {
            let share = max(room / (long.count - number), 1)
            columns[index].width = min(columns[index].width, share)
            room -= columns[index].width
        }
        return columns
    }

    private struct Column {
        let name: String
        let index: Int
        var width: Int
        let isRight: Bool

        func pad(_ text: String) -> (before: String, after: String) {
            let space = String(repeating: " ", count: max(width - text.count, 0))
            return isRight ? (space, "") : ("", space)
        }
    }

    private static func line(_ row: [Cell], _ columns: [Column], _ terminal: Terminal) -> String {
        var line = ""
        // Space is written only once something follows it: no line ends in blanks.
        var blanks = ""
        var room = terminal.width ?? .max
        for column in columns {
            let cell = row[column.index]
            let whole = cut(cell.text, to: column.width)
            let (before, after) = column.pad(whole)
            blanks += before
            guard blanks.count < room else { break }
            room -= blanks.count
            let text = cut(whole, to: room)
            line += blanks + (terminal.hasColor ? cell.tone.paint(text) : text)
            room -= text.count
            blanks = after + gap
        }
        return line
    }

    private static func cut(_ text: String, to room: Int) -> String {
        text.count <= room ? text : text.prefix(room - 1) + "…"
    }
}

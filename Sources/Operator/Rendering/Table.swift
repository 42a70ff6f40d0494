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

    private static let gap = "  "

    /// The lines of the table, header first, each with a line feed.
    ///
    /// - Parameter terminal: its width cuts long lines off, so that rows stay rows.
    /// - Returns: the whole text.
    func text(on terminal: Terminal) -> String {
        let columns = header.indices.map { column in
            let cells = rows.map { $0[column] }
            let values = cells.filter { $0 != .absent }
            return Column(
                width: cells.map(\.text.count).reduce(header[column].count, max),
                isRight: !values.isEmpty && values.allSatisfy(\.isNumber)
            )
        }
        let headerCells = header.map { Cell($0, tone: .quiet) }
        return ([headerCells] + rows).map { row in
            Self.line(row, columns, terminal) + "\n"
        }.joined()
    }

    private struct Column {
        let width: Int
        let isRight: Bool

        func pad(_ cell: Cell) -> (before: String, after: String) {
            let space = String(repeating: " ", count: width - cell.text.count)
            return isRight ? (space, "") : ("", space)
        }
    }

    private static func line(_ row: [Cell], _ columns: [Column], _ terminal: Terminal) -> String {
        var line = ""
        // Space is written only once something follows it: no line ends in blanks.
        var blanks = ""
        var room = terminal.width ?? .max
        for (cell, column) in zip(row, columns) {
            let (before, after) = column.pad(cell)
            blanks += before
            guard blanks.count < room else { break }
            room -= blanks.count
            let text = cut(cell.text, to: room)
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

import Testing

@testable import Operator

@Suite
struct TableTests {
    private let table = Table(
        header: ["id", "handler", "attempt", "reason"],
        rows: [
            [Cell(7), Cell("ci"), Cell(1), .absent],
            [Cell(123), Cell("onboard"), .absent, Cell("exit code 64", tone: .bad)],
        ]
    )

    @Test
    func `columns are aligned, numbers right, and no line ends in blanks`() {
        #expect(
            table.text(on: .none) == """
                 id  handler  attempt  reason
                  7  ci             1  -
                123  onboard        -  exit code 64

                """
        )
    }

    @Test
    func `a terminal's width cuts lines off with an ellipsis`() {
        let lines = table.text(on: Terminal(width: 26, hasColor: false)).split(separator: "\n")
        #expect(
            lines == [
                " id  handler  attempt  re…", "  7  ci             1  -",
                "123  onboard        -  ex…",
            ]
        )
    }

    @Test(arguments: 1...40)
    func `no line is wider than the terminal`(width: Int) {
        let text = table.text(on: Terminal(width: width, hasColor: false))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
    }

    @Test
    func `colours surround the text and change no alignment`() {
        let text = table.text(on: Terminal(width: nil, hasColor: true))
        #expect(text.contains("\u{1B}[31mexit code 64\u{1B}[0m\n"))
        let plain = text.replacing(#/\u{1B}\[[0-9]+m/#, with: "")
        #expect(plain == table.text(on: .none))
    }

    @Test
    func `text of strangers cannot move the cursor or forge a line`() {
        #expect(Cell("a\u{1B}[2Jb\nc\u{202E}d\u{7F}\t").text == #"a\u{1b}[2Jb\nc\u{202e}d\u{7f}\t"#)
        #expect(Cell("Grüße 🫖").text == "Grüße 🫖")
    }

    @Test
    func `fields are aligned by their names`() {
        let list = FieldList([("id", Cell(5)), ("handler", Cell("ci"))])
        #expect(list.text(on: .none) == "id       5\nhandler  ci\n")
    }
}

/// Names and values of one thing, one on each line.
struct FieldList: Equatable, Sendable {
    /// The fields in the order they are shown in.
    var fields: [(name: String, value: Cell)]

    /// A list of fields.
    init(_ fields: [(name: String, value: Cell)]) {
        self.fields = fields
    }

    static func == (left: Self, right: Self) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    /// The lines, values aligned and never cut: this is where people look for all of it.
    func text(on terminal: Terminal) -> String {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { name, value in
            let space = String(repeating: " ", count: width - name.count + 2)
            guard terminal.hasColor else { return name + space + value.text + "\n" }
            return Tone.quiet.paint(name) + space + value.tone.paint(value.text) + "\n"
        }.joined()
    }
}

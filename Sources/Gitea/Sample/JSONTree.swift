/// A JSON value to write, its fields in the order they are given in.
indirect enum JSONTree {
    case object([(name: String, value: JSONTree)])
    case array([JSONTree])
    case string(String)
    case number(Int64)
    case boolean(Bool)
    case null

    /// The text as Go's encoder indents it, without a line feed at the end.
    ///
    /// - Parameter indent: the spaces of one level.
    /// - Returns: the bytes of the text.
    func text(indent: Int) -> [UInt8] {
        var text: [UInt8] = []
        append(to: &text, indent: indent, level: 0)
        return text
    }

    private func append(to text: inout [UInt8], indent: Int, level: Int) {
        func newLine(_ level: Int) {
            text.append(UInt8(ascii: "\n"))
            text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
        }
        switch self {
        case .object(let fields) where fields.isEmpty:
            text.append(contentsOf: "{}".utf8)
        case .array(let elements) where elements.isEmpty:
            text.append(contentsOf: "[]".utf8)
        case .object(let fields):
            text.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                newLine(level + 1)
                JSONText.append(field.name, to: &text)
                text.append(contentsOf: ": ".utf8)
                field.value.append(to: &text, indent: indent, level: level + 1)
            }
            newLine(level)
            text.append(UInt8(ascii: "}"))
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                newLine(level + 1)
                element.append(to: &text, indent: indent, level: level + 1)
            }
            newLine(level)
            text.append(UInt8(ascii: "]"))
        case .string(let string): JSONText.append(string, to: &text)
        case .number(let number): text.append(contentsOf: String(number).utf8)
        case .boolean(let isTrue): text.append(contentsOf: (isTrue ? "true" : "false").utf8)
        case .null: text.append(contentsOf: "null".utf8)
        }
    }
}

extension JSONTree: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    init(dictionaryLiteral fields: (String, JSONTree)...) {
        self = .object(fields.map { (name: $0.0, value: $0.1) })
    }

    init(arrayLiteral elements: JSONTree...) {
        self = .array(elements)
    }

    init(stringLiteral string: String) {
        self = .string(string)
    }

    init(integerLiteral number: Int64) {
        self = .number(number)
    }

    init(booleanLiteral isTrue: Bool) {
        self = .boolean(isTrue)
    }

    init(nilLiteral: ()) {
        self = .null
    }
}

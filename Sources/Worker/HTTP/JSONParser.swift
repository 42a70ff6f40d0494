import Foundation

extension JSONNode {
    /// Reads a text that is one JSON value: RFC 8259, and nothing beside it.
    ///
    /// - Throws: where it stops being JSON.
    init(parsing text: Data) throws(JSONProblem) {
        var parser = JSONParser(bytes: [UInt8](text))
        self = try parser.document()
    }
}

/// A reader that moves once through a JSON text and builds all of it.
///
/// Recursive: its depth is bounded.
private struct JSONParser {
    let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Payloads may nest 512 deep, and stand one deep in the envelope.
    private static let depthMost = 520

    mutating func document() throws(JSONProblem) -> JSONNode {
        let node = try value()
        skipSpace()
        guard position == bytes.count else { throw problem("text after the end") }
        return node
    }

    private mutating func value() throws(JSONProblem) -> JSONNode {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return try number()
        case let byte? where Self.isDigit(byte): return try number()
        default: throw problem("no value")
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func object() throws(JSONProblem) -> JSONNode {
        try enter()
        var fields: [JSONNode.Field] = []
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                guard peek == UInt8(ascii: "\"") else { throw problem("no key") }
                let name = try string()
                guard take(UInt8(ascii: ":")) else { throw problem("no colon after a key") }
                fields.append(JSONNode.Field(name: name, value: try value()))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw problem("no comma and no end of an object") }
        }
        depth -= 1
        return .object(fields)
    }

    private mutating func array() throws(JSONProblem) -> JSONNode {
        try enter()
        var elements: [JSONNode] = []
        if !take(UInt8(ascii: "]")) {
            repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw problem("no comma and no end of an array") }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func enter() throws(JSONProblem) {
        guard depth < Self.depthMost else { throw problem("nested too deep") }
        depth += 1
        position += 1
    }

    private mutating func word(
        _ word: String,
        _ node: JSONNode
    ) throws(JSONProblem) -> JSONNode {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("no value") }
        position += word.utf8.count
        return node
    }

    private mutating func number() throws(JSONProblem) -> JSONNode {
        let start = position
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(JSONProblem) {
        let start = position
        while let byte = peek, Self.isDigit(byte) { position += 1 }
        guard position > start else { throw problem("no digit in a number") }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Moves over spaces and then over `byte`, if that is what follows.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func problem(_ reason: String) -> JSONProblem {
        position < bytes.count
            ? problem(reason, at: position) : problem("the text ends too early", at: bytes.count)
    }

    private func problem(_ reason: String, at offset: Int) -> JSONProblem {
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONProblem(
            reason: reason,
            line: before.count { $0 == 0x0A } + 1,
            column: offset - lineStart + 1
        )
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(JSONProblem) -> String {
        let start = position
        var text: [UInt8] = []
        position += 1
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("a string that is not UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: try escaped())
            case 0..<0x20: throw problem("a control character in a string", at: position - 1)
            default: text.append(byte)
            }
        }
        throw problem("a string without an end", at: start)
    }

    /// What the escape after a backslash stands for, in UTF-8.
    private mutating func escaped() throws(JSONProblem) -> [UInt8] {
        let letter = peek
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return [letter].compactMap(\.self)
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw problem("an unknown escape", at: min(position, bytes.count) - 1)
        }
    }

    /// The character after `\u`, from one escape or from a pair of them.
    ///
    /// Half of a pair, which RFC 8259 allows and no UTF-8 can hold, becomes U+FFFD.
    private mutating func scalar() throws(JSONProblem) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first),
            bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
        else { return "\u{FFFD}" }
        let afterFirst = position
        position += 2
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else {
            position = afterFirst
            return "\u{FFFD}"
        }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func codeUnit() throws(JSONProblem) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        let isHexadecimal =
            digits.count == 4
            && digits.allSatisfy { byte in
                Character(Unicode.Scalar(byte)).isHexDigit
            }
        guard isHexadecimal,
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("an escape without four hexadecimal digits") }
        position += 4
        return unit
    }
}

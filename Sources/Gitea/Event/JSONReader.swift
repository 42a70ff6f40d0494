/// A reader that moves once through a JSON text, in order, and builds nothing it is not asked for.
///
/// Every byte is checked against RFC 8259, in the values that are skipped too: handlers get the
/// payload inside another JSON text, which must not break. A field named twice counts as its last
/// occurrence, as in the readers that handlers use.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// - Throws: when the bytes are not UTF-8.
    init(_ bytes: [UInt8]) throws(PayloadError) {
        self.bytes = bytes
        let invalidAt: Int?
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            invalidAt = nil
        } catch {
            invalidAt = error.byteOffsets.lowerBound
        }
        if let invalidAt { throw failure("not UTF-8", at: invalidAt) }
    }

    /// Reads a whole text that must be one object.
    ///
    /// - Parameter member: called with each key in turn; it must read or skip the value.
    /// - Throws: `.malformed`, and whatever `member` throws.
    mutating func document(
        _ member: (inout JSONReader, String) throws(PayloadError) -> Void
    ) throws(PayloadError) {
        skipSpace()
        guard !isAtEnd else { throw .malformed(reason: "empty") }
        guard peek == UInt8(ascii: "{") else {
            // Junk that begins with anything else than a value is not even JSON.
            let found = try kind()
            try skip()
            throw .malformed(reason: "the top level is \(found.rawValue), not an object")
        }
        try members(member)
        skipSpace()
        guard isAtEnd else { throw failure("text after the end") }
    }

    /// Reads an object; false when there is null.
    mutating func object(
        at path: String,
        _ member: (inout JSONReader, String) throws(PayloadError) -> Void
    ) throws(PayloadError) -> Bool {
        guard try isPresent(.object, at: path) else { return false }
        try members(member)
        return true
    }

    /// Reads a string; nil when there is null.
    mutating func string(at path: String) throws(PayloadError) -> String? {
        guard try isPresent(.string, at: path) else { return nil }
        return text(of: try skipString())
    }

    /// Reads a whole number; nil when there is null.
    mutating func integer(at path: String) throws(PayloadError) -> Int64? {
        guard try isPresent(.number, at: path) else { return nil }
        let (range, isWhole) = try number()
        guard isWhole else { throw .malformed(reason: "\(path) is not a whole number") }
        let digits = String(decoding: bytes[range], as: UTF8.self)
        guard let value = Int64(digits) else {
            throw .malformed(reason: "\(path) does not fit in 64 bits")
        }
        return value
    }

    /// Moves over one value of any kind.
    ///
    /// Not recursive: how deep a stranger's text nests is no matter for our stack.
    mutating func skip() throws(PayloadError) {
        var awaitedEnds: [UInt8] = []
        repeat {
            switch try kind() {
            case .object:
                try enter()
                awaitedEnds.append(Self.objectEnd)
                skipSpace()
                if peek != Self.objectEnd {
                    try skipKey()
                    continue
                }
            case .array:
                try enter()
                awaitedEnds.append(Self.arrayEnd)
                skipSpace()
                if peek != Self.arrayEnd { continue }
            case .string: try skipString()
            case .number: _ = try number()
            case .boolean: try literal(peek == UInt8(ascii: "t") ? "true" : "false")
            case .null: try literal("null")
            }
            try skipEnds(&awaitedEnds)
        } while !awaitedEnds.isEmpty
    }
}

// MARK: - Structure

extension JSONReader {
    private static let objectEnd = UInt8(ascii: "}")
    private static let arrayEnd = UInt8(ascii: "]")

    private enum Kind: String {
        case object = "an object"
        case array = "an array"
        case string = "a string"
        case number = "a number"
        case boolean = "a boolean"
        case null = "null"
    }

    /// The kind of the value that begins here.
    private mutating func kind() throws(PayloadError) -> Kind {
        skipSpace()
        guard let byte = peek else { throw failure("no JSON value") }
        switch byte {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: throw failure("no JSON value")
        }
    }

    /// Whether a value of the wanted kind begins here; moves over null.
    private mutating func isPresent(
        _ wanted: Kind,
        at path: String
    ) throws(PayloadError) -> Bool {
        let found = try kind()
        if found == wanted { return true }
        guard found == .null else {
            throw .malformed(reason: "\(path) is \(found.rawValue), not \(wanted.rawValue)")
        }
        try literal("null")
        return false
    }

    private mutating func members(
        _ member: (inout JSONReader, String) throws(PayloadError) -> Void
    ) throws(PayloadError) {
        try enter()
        if take(Self.objectEnd) { return leave() }
        repeat {
            let key = text(of: try skipKey())
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        guard take(Self.objectEnd) else { throw noEnd(Self.objectEnd) }
        leave()
    }

    /// Moves over the ends that follow a value, and over what leads to the next value.
    private mutating func skipEnds(_ awaitedEnds: inout [UInt8]) throws(PayloadError) {
        while let end = awaitedEnds.last {
            if take(end) {
                leave()
                awaitedEnds.removeLast()
                continue
            }
            guard take(UInt8(ascii: ",")) else { throw noEnd(end) }
            if end == Self.objectEnd { try skipKey() }
            return
        }
    }

    /// Moves over a key and its colon and says where the key's text is.
    @discardableResult
    private mutating func skipKey() throws(PayloadError) -> StringToken {
        skipSpace()
        guard peek == UInt8(ascii: "\"") else { throw failure("no key") }
        let key = try skipString()
        guard take(UInt8(ascii: ":")) else { throw failure("no colon after a key") }
        return key
    }

    private func noEnd(_ end: UInt8) -> PayloadError {
        failure("no comma and no end of an \(end == Self.objectEnd ? "object" : "array")")
    }

    private mutating func enter() throws(PayloadError) {
        guard depth < Limits.jsonDepthMax else {
            throw failure("nested deeper than \(Limits.jsonDepthMax) levels")
        }
        depth += 1
        position += 1
    }

    private mutating func leave() {
        depth -= 1
    }

    /// Moves over spaces and then over `byte`, if that is what follows.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek == byte else { return false }
        position += 1
        return true
    }
}

// MARK: - Values

extension JSONReader {
    private mutating func literal(_ word: String) throws(PayloadError) {
        let start = position
        for expected in word.utf8 {
            guard peek == expected else { throw failure("no JSON value", at: start) }
            position += 1
        }
    }

    /// RFC 8259, section 6.
    private mutating func number() throws(PayloadError) -> (range: Range<Int>, isWhole: Bool) {
        let start = position
        var isWhole = true
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if peek == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return (start..<position, isWhole)
    }

    private mutating func digits() throws(PayloadError) {
        let start = position
        while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        guard position > start else { throw failure("no digit in a number") }
    }

    /// Where a string's text is between its quotes, and whether it has no escapes.
    private struct StringToken {
        let text: Range<Int>
        let isPlain: Bool
    }

    /// Moves over a string and says where its text is.
    @discardableResult
    private mutating func skipString() throws(PayloadError) -> StringToken {
        let start = position
        var isPlain = true
        position += 1
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return StringToken(text: start + 1..<position - 1, isPlain: isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 1
                try skipEscape()
            case 0..<0x20:
                throw failure("a control character in a string")
            default:
                position += 1
            }
        }
        throw failure("a string without an end", at: start)
    }

    /// Moves over what follows a backslash.
    private mutating func skipEscape() throws(PayloadError) {
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard let byte = peek, Hex.value(byte) != nil else {
                    throw failure("an escape without four hexadecimal digits")
                }
                position += 1
            }
        default:
            throw failure("an unknown escape")
        }
    }

    /// The text with its escapes replaced.
    private func text(of token: StringToken) -> String {
        let text = bytes[token.text]
        return token.isPlain
            ? String(decoding: text, as: UTF8.self) : JSONEscapes.replaced(in: text)
    }
}

// MARK: - Bytes

extension JSONReader {
    private var isAtEnd: Bool { position == bytes.count }

    @inline(__always)
    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    @inline(__always)
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                position += 1
            default:
                return
            }
        }
    }

    private func failure(_ what: String) -> PayloadError {
        isAtEnd ? .malformed(reason: "the text ends too early") : failure(what, at: position)
    }

    private func failure(_ what: String, at offset: Int) -> PayloadError {
        let before = bytes[..<offset]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return .malformed(
            reason: "\(what) at line \(line), column \(offset - lineStart + 1) (byte \(offset))"
        )
    }
}

/// A reader that moves once through a JSON text, in order, and builds nothing it is not asked for.
///
/// Every byte is checked against RFC 8259, in the values that are skipped too: handlers get the
/// payload inside another JSON text, which must not break. The bytes are lent to each call and
/// never copied; that they are UTF-8 is the caller's to check.
struct JSONReader {
    /// Where the reader is, in bytes from the start.
    private(set) var position: Int
    private var depth: Int

    /// A reader at the start of a text, or of a value in a text that was checked before.
    init(at position: Int = 0) {
        self.position = position
        depth = 0
    }

    /// Moves over spaces to the next value and says what kind of value it is.
    @inline(__always)
    mutating func kind(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> JSONKind {
        skipSpace(bytes)
        guard position < bytes.count, let kind = JSONKind(firstByte: bytes[position]) else {
            throw failure("no JSON value", in: bytes)
        }
        return kind
    }

    /// Moves over one value of any kind.
    ///
    /// Not recursive: how deep a stranger's text nests is no matter for our stack.
    @inline(__always)
    mutating func skip(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        switch try kind(bytes) {
        case .object, .array: try skipContainer(bytes)
        case .string: try skipString(bytes)
        case .number: _ = try number(bytes)
        case .boolean: try literal(bytes[position] == UInt8(ascii: "t") ? "true" : "false", bytes)
        case .null: try literal("null", bytes)
        }
    }

    /// Reads the string that begins here.
    mutating func string(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> String {
        JSONEscapes.text(of: try skipString(bytes), in: bytes)
    }

    /// Moves over the number that begins here; its digits when it is a whole one.
    ///
    /// RFC 8259, section 6.
    mutating func number(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> Range<Int>? {
        let start = position
        var isWhole = true
        if peek(bytes) == UInt8(ascii: "-") { position += 1 }
        if peek(bytes) == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(bytes)
        }
        if peek(bytes) == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits(bytes)
        }
        if let byte = peek(bytes), byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if peek(bytes) == UInt8(ascii: "+") || peek(bytes) == UInt8(ascii: "-") {
                position += 1
            }
            try digits(bytes)
        }
        return isWhole ? start..<position : nil
    }
}

// MARK: - Objects and arrays

extension JSONReader {
    /// Moves into the object that begins here.
    ///
    /// - Returns: whether it has a member, at whose key the reader then is; else it is behind it.
    @inline(__always)
    mutating func enterObject(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> Bool {
        try enter(bytes)
        guard take(UInt8(ascii: "}"), bytes) else { return true }
        depth -= 1
        return false
    }

    /// Moves into the array that begins here.
    ///
    /// - Returns: whether it has an element, at which the reader then is; else it is behind it.
    mutating func enterArray(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> Bool {
        try enter(bytes)
        guard take(UInt8(ascii: "]"), bytes) else { return true }
        depth -= 1
        return false
    }

    /// Moves from behind a member's value to the next key, or behind the end of the object.
    @inline(__always)
    mutating func nextMember(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> Bool {
        if take(UInt8(ascii: ","), bytes) { return true }
        guard take(UInt8(ascii: "}"), bytes) else {
            throw failure("no comma and no end of an object", in: bytes)
        }
        depth -= 1
        return false
    }

    /// Moves from behind an element to the next one, or behind the end of the array.
    mutating func nextElement(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> Bool {
        if take(UInt8(ascii: ","), bytes) { return true }
        guard take(UInt8(ascii: "]"), bytes) else {
            throw failure("no comma and no end of an array", in: bytes)
        }
        depth -= 1
        return false
    }

    /// Moves over a key and its colon.
    ///
    /// - Returns: where the key's text is.
    @inline(__always)
    @discardableResult
    mutating func key(_ bytes: borrowing Span<UInt8>) throws(PayloadError) -> JSONStringToken {
        skipSpace(bytes)
        guard peek(bytes) == UInt8(ascii: "\"") else { throw failure("no key", in: bytes) }
        let key = try skipString(bytes)
        guard take(UInt8(ascii: ":"), bytes) else {
            throw failure("no colon after a key", in: bytes)
        }
        return key
    }

    /// Moves over an object or array and all that is in it.
    private mutating func skipContainer(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        // One bit for each open container: set for an object. `Limits.jsonDepthMax` bits.
        var objects = [8 of UInt64](repeating: 0)
        let outside = depth
        repeat {
            switch try kind(bytes) {
            case .object:
                let isOpen = try enterObject(bytes)
                if isOpen {
                    objects[(depth - 1) >> 6] |= 1 << UInt64((depth - 1) & 63)
                    try key(bytes)
                    continue
                }
            case .array:
                let isOpen = try enterArray(bytes)
                if isOpen {
                    objects[(depth - 1) >> 6] &= ~(1 << UInt64((depth - 1) & 63))
                    continue
                }
            case .string: try skipString(bytes)
            case .number: _ = try number(bytes)
            case .boolean:
                try literal(bytes[position] == UInt8(ascii: "t") ? "true" : "false", bytes)
            case .null: try literal("null", bytes)
            }
            // Over the ends that follow the value, and to the next value.
            while depth > outside {
                let isObject = objects[(depth - 1) >> 6] & 1 << UInt64((depth - 1) & 63) != 0
                if isObject {
                    guard try nextMember(bytes) else { continue }
                    try key(bytes)
                } else {
                    guard try nextElement(bytes) else { continue }
                }
                break
            }
        } while depth > outside
    }

    @inline(__always)
    private mutating func enter(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        guard depth < Limits.jsonDepthMax else {
            throw failure("nested deeper than \(Limits.jsonDepthMax) levels", in: bytes)
        }
        depth += 1
        position += 1
    }
}

// MARK: - Strings and words

/// Where a string's text is between its quotes, and whether it has no escapes.
struct JSONStringToken {
    let text: Range<Int>
    let isPlain: Bool
}

extension JSONReader {
    /// Moves over a string and says where its text is.
    @inline(__always)
    @discardableResult
    mutating func skipString(
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) -> JSONStringToken {
        let start = position + 1
        var next = start
        while next < bytes.count {
            let byte = bytes[next]
            if byte == UInt8(ascii: "\"") {
                position = next + 1
                return JSONStringToken(text: start..<next, isPlain: true)
            }
            if byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            next += 1
        }
        return try skipStringWithEscapes(start: start, from: next, bytes)
    }

    /// What `skipString` leaves to be done, from the first byte that is not plain.
    private mutating func skipStringWithEscapes(
        start: Int,
        from next: Int,
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) -> JSONStringToken {
        position = next
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return JSONStringToken(text: start..<position - 1, isPlain: false)
            }
            guard byte >= 0x20 else { throw failure("a control character in a string", in: bytes) }
            position += 1
            if byte == UInt8(ascii: "\\") { try skipEscape(bytes) }
        }
        throw Self.failure("a string without an end", at: start - 1, in: bytes)
    }

    /// Moves over what follows a backslash.
    private mutating func skipEscape(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        switch peek(bytes) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard let byte = peek(bytes), Hex.value(byte) != nil else {
                    throw failure("an escape without four hexadecimal digits", in: bytes)
                }
                position += 1
            }
        default:
            throw failure("an unknown escape", in: bytes)
        }
    }

    private mutating func literal(
        _ word: StaticString,
        _ bytes: borrowing Span<UInt8>
    ) throws(PayloadError) {
        let start = position
        for expected in word.description.utf8 {
            guard peek(bytes) == expected else {
                throw Self.failure("no JSON value", at: start, in: bytes)
            }
            position += 1
        }
    }

    private mutating func digits(_ bytes: borrowing Span<UInt8>) throws(PayloadError) {
        let start = position
        while let byte = peek(bytes), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        guard position > start else { throw failure("no digit in a number", in: bytes) }
    }
}

// MARK: - Bytes

extension JSONReader {
    @inline(__always)
    private func peek(_ bytes: borrowing Span<UInt8>) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Moves over spaces and then over `byte`, if that is what follows.
    @inline(__always)
    private mutating func take(_ byte: UInt8, _ bytes: borrowing Span<UInt8>) -> Bool {
        skipSpace(bytes)
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
        while position < bytes.count {
            let byte = bytes[position]
            // Nearly every byte that is asked about is above the space.
            guard byte <= UInt8(ascii: " ") else { return }
            guard
                byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n")
                    || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t")
            else { return }
            position += 1
        }
    }

    func isAtEnd(_ bytes: borrowing Span<UInt8>) -> Bool { position == bytes.count }

    /// What is wrong where the reader is.
    func failure(_ what: String, in bytes: borrowing Span<UInt8>) -> PayloadError {
        isAtEnd(bytes)
            ? .malformed(reason: "the text ends too early")
            : Self.failure(what, at: position, in: bytes)
    }

    /// What is wrong at a place, which is told by line, column and byte.
    static func failure(
        _ what: String,
        at offset: Int,
        in bytes: borrowing Span<UInt8>
    ) -> PayloadError {
        var line = 1
        var lineStart = 0
        for place in 0..<offset where bytes[place] == UInt8(ascii: "\n") {
            line += 1
            lineStart = place + 1
        }
        return .malformed(
            reason: "\(what) at line \(line), column \(offset - lineStart + 1) (byte \(offset))"
        )
    }
}

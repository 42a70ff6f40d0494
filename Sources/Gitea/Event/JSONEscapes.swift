/// The text of JSON strings.
enum JSONEscapes {
    /// The text of a string that is known to be well formed, its escapes replaced.
    ///
    /// Half of a surrogate pair, which RFC 8259 allows and no UTF-8 can hold, becomes U+FFFD.
    static func text(of token: JSONStringToken, in bytes: borrowing Span<UInt8>) -> String {
        let text = bytes.extracting(token.text)
        // What fails are bytes that are no UTF-8, which were refused before.
        guard token.isPlain, let plain = try? UTF8Span(validating: text) else {
            return String(decoding: unescaped(text), as: UTF8.self)
        }
        return String(copying: plain)
    }

    /// The bytes of a string that is known to be well formed, its escapes replaced.
    static func unescaped(_ text: borrowing Span<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let byte = text[position]
            position += 1
            guard byte == UInt8(ascii: "\\"), position < text.count else {
                plain.append(byte)
                continue
            }
            let letter = text[position]
            position += 1
            switch letter {
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0C)
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = scalar(in: text, from: &position)
                plain.append(contentsOf: String(Character(scalar)).utf8)
            default: plain.append(letter)
            }
        }
        return plain
    }

    /// The character after `\u`, from one escape or from a pair of them.
    private static func scalar(
        in text: borrowing Span<UInt8>,
        from position: inout Int
    ) -> Unicode.Scalar {
        let first = codeUnit(in: text, from: &position)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), position + 1 < text.count,
            text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        var next = position + 2
        let second = codeUnit(in: text, from: &next)
        guard UTF16.isTrailSurrogate(second) else { return "\u{FFFD}" }
        position = next
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private static func codeUnit(
        in text: borrowing Span<UInt8>,
        from position: inout Int
    ) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 where position < text.count {
            guard let digit = Hex.value(text[position]) else { break }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}

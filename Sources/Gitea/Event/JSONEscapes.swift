/// The escapes in JSON strings.
enum JSONEscapes {
    /// The text of a string whose escapes are known to be well formed.
    ///
    /// Half of a surrogate pair, which RFC 8259 allows and no UTF-8 can hold, becomes U+FFFD.
    static func replaced(in text: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            guard let letter = rest.popFirst() else { break }
            switch letter {
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0C)
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "u"): plain.append(contentsOf: utf8(of: scalar(from: &rest)))
            default: plain.append(letter)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func utf8(of scalar: Unicode.Scalar) -> String.UTF8View {
        String(Character(scalar)).utf8
    }

    /// The character after `\u`, from one escape or from a pair of them.
    private static func scalar(from rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        let first = codeUnit(from: &rest)
        if let scalar = Unicode.Scalar(first) { return scalar }
        var next = rest
        guard UTF16.isLeadSurrogate(first), next.popFirst() == UInt8(ascii: "\\"),
            next.popFirst() == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let second = codeUnit(from: &next)
        guard UTF16.isTrailSurrogate(second) else { return "\u{FFFD}" }
        rest = next
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private static func codeUnit(from rest: inout ArraySlice<UInt8>) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = rest.popFirst().flatMap(Hex.value) else { break }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

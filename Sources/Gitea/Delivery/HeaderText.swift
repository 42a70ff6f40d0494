/// Reading header text byte by byte, without making lower-case copies of it.
extension Span<UInt8> {
    /// Where the text is without the spaces and tabs around it, which are no part of a header's
    /// value (RFC 9110, section 5.5).
    var trimmedRange: Range<Int> {
        var start = 0
        var end = count
        while start < end, Self.isSpace(self[start]) { start += 1 }
        while end > start, Self.isSpace(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether the bytes in `range` are `lowercase`, ASCII letters of either case being equal.
    ///
    /// `lowercase` is ASCII without upper-case letters.
    func matches(_ lowercase: String, in range: Range<Int>) -> Bool {
        let expected = lowercase.utf8.span
        guard range.count == expected.count else { return false }
        for index in 0..<expected.count {
            let byte = self[range.lowerBound + index]
            let isUppercase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUppercase ? byte | 0x20 : byte) == expected[index] else { return false }
        }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension String {
    /// The text without the spaces and tabs around it; usually the same string, not a copy.
    var trimmedHeaderValue: String {
        let range = utf8.span.trimmedRange
        guard range.count < utf8.count else { return self }
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        let end = utf8.index(start, offsetBy: range.count)
        return String(self[start..<end])
    }

    /// Whether this can name an event: 1 to 64 of `[A-Za-z0-9_.-]`.
    var isEventName: Bool {
        guard (1...Limits.eventNameLengthMax).contains(utf8.count) else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                true
            default:
                false
            }
        }
    }

    /// Whether this can be a delivery id: 1 to 128 printable ASCII characters, no space.
    var isDeliveryID: Bool {
        guard (1...Limits.deliveryIDLengthMax).contains(utf8.count) else { return false }
        return utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

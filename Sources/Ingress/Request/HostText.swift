/// The shape of a `Host` header's value: `uri-host [ ":" port ]`, or nothing (RFC 9110, section 7.2).
enum HostText {
    /// Whether the bytes, without blanks around them, name a host.
    static func isHost(_ text: Substring.UTF8View) -> Bool {
        var rest = text
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard !address.isEmpty, address.allSatisfy(isOfAddress) else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            rest = rest.drop(while: isOfName)
        }
        guard !rest.isEmpty else { return true }
        return rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy(isDigit)
    }

    /// Between brackets: an IPv6 address, or one of a version to come.
    private static func isOfAddress(_ byte: UInt8) -> Bool {
        isOfName(byte) || byte == UInt8(ascii: ":")
    }

    /// Of `reg-name` (RFC 3986, section 3.2.2).
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

/// Writing JSON strings.
package enum JSONText {
    /// `text` as a JSON string, quotes included.
    package static func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        append(text, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    /// Appends `text` in quotes, escaping what RFC 8259, section 7 says must be escaped.
    package static func append(_ text: String, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(byte)
            case 0..<0x20:
                json.append(contentsOf: #"\u00"#.utf8)
                json.append(Hex.digit(byte >> 4))
                json.append(Hex.digit(byte & 0x0F))
            default:
                json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }
}

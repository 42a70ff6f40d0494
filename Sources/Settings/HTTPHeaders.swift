extension HTTPHeader {
    /// Reads the mapping `headers`; those with mistakes are reported and left out.
    static func all(_ setting: Setting, hasBearer: Bool) -> [HTTPHeader] {
        var firstNames: Set<String> = []
        return (setting.pairs() ?? []).compactMap { pair in
            let key = Setting(node: pair.keyNode, path: "", reading: setting.reading)
            let name = pair.key.lowercased()
            guard !pair.key.isEmpty, pair.key.utf8.allSatisfy(\.isTokenByte) else {
                key.fail("\(quoted(pair.key)) is no name of a header")
                return nil
            }
            if let reason = reason(against: name, hasBearer: hasBearer) {
                key.fail("\(setting.name) must not set \(pair.key): \(reason)")
                return nil
            }
            guard firstNames.insert(name).inserted else {
                key.fail("duplicate header \(quoted(pair.key)): names are the same in any case")
                return nil
            }
            guard let value = pair.value.value("a text", checkedValue) else { return nil }
            return HTTPHeader(name: pair.key, value: value)
        }
    }

    /// Why a header may not be configured; nil when it may.
    private static func reason(against name: String, hasBearer: Bool) -> String? {
        switch name {
        case "host": "it comes from the url"
        case "content-type": "use content_type"
        case "authorization" where hasBearer: "bearer_file does"
        case "idempotency-key", "user-agent": "Samovar does"
        case "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te",
            "trailer", "transfer-encoding", "upgrade":
            "it says how the request is sent, which Samovar decides"
        case "content-encoding": "bodies are sent as they are"
        case _ where name.hasPrefix("x-samovar-"): "names that begin with X-Samovar- are Samovar's"
        default: nil
        }
    }

    /// Messages quote nothing of it: it may be a key.
    private static func checkedValue(_ text: String) throws(UnfitText) -> String {
        guard text.utf8.count <= Limits.headerBytesMax else {
            throw UnfitText("is longer than \(Limits.headerBytesMax) bytes")
        }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw UnfitText("must be printable ASCII on one line")
        }
        guard text.utf8.first != UInt8(ascii: " "), text.utf8.last != UInt8(ascii: " ") else {
            throw UnfitText("must not begin or end with a space, which is not sent")
        }
        return text
    }
}

extension UInt8 {
    /// Whether it may be in a header's name: RFC 9110, section 5.6.2.
    var isTokenByte: Bool {
        isDigit || isLetter || "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
}

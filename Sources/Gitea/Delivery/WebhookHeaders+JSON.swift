extension WebhookHeaders {
    /// `stored` as one compact JSON object, in the order the headers came in.
    package func storedJSON() -> String {
        var json: [UInt8] = []
        json.reserveCapacity(stored.reduce(2) { $0 + $1.name.utf8.count + $1.value.utf8.count + 8 })
        json.append(UInt8(ascii: "{"))
        for (name, value) in stored {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            JSONText.append(name, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONText.append(value, to: &json)
        }
        json.append(UInt8(ascii: "}"))
        return String(decoding: json, as: UTF8.self)
    }
}

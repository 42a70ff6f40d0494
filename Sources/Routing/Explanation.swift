import Gitea

/// A decision's record: what was read, and what every route said to it.
enum Explanation {
    static func json(malformed reason: String) -> String {
        #"{"malformed":\#(JSONText.quoted(reason))}"#
    }

    static func json(event: Event, mismatched reason: String) -> String {
        #"{"event_type":\#(JSONText.quoted(event.type)),"#
            + #""mismatched":\#(JSONText.quoted(reason))}"#
    }

    static func json(event: Event, matches: [(route: String, match: RouteMatch)]) -> String {
        var json: [UInt8] = []
        json.reserveCapacity(64 + matches.count * bytesPerRoute)
        json.append(contentsOf: #"{"event_type":"#.utf8)
        JSONText.append(event.type, to: &json)
        json.append(contentsOf: #","action":"#.utf8)
        // One of the wrong type is a mistake only where a route reads it, which none did.
        if let action = try? event.action {
            JSONText.append(action, to: &json)
        } else {
            json.append(contentsOf: "null".utf8)
        }
        json.append(contentsOf: #","routes":["#.utf8)
        for (number, (route, match)) in matches.enumerated() {
            json.append(contentsOf: (number == 0 ? #"{"route":"# : #",{"route":"#).utf8)
            JSONText.append(route, to: &json)
            switch match {
            case .matches:
                json.append(contentsOf: #","matched":true}"#.utf8)
            case .fails(let reason):
                json.append(contentsOf: #","matched":false,"because":"#.utf8)
                JSONText.append(reason, to: &json)
                json.append(UInt8(ascii: "}"))
            }
        }
        json.append(contentsOf: "]}".utf8)
        return String(decoding: json, as: UTF8.self)
    }

    /// Bytes that one route usually takes: name and reason of some 30 each, and the keys.
    private static let bytesPerRoute = 128
}

/// Which deliveries a route is about, by the type of their event.
package enum EventSelection: Sendable, Equatable {
    /// All of them.
    case any

    /// Those of these types (`X-Gitea-Event-Type`), without duplicates; there is one.
    case types([String])
}

extension EventSelection {
    private static let expected = "an event type, a list of them, or \"*\""

    /// Reads `on`.
    init?(_ setting: Setting) {
        guard let values = setting.oneOrMore(Self.expected) else { return nil }
        let types = values.compactMap { $0.value(Self.expected, Self.checkedType) }
        if types.contains("*") {
            guard values.count == 1 else {
                setting.fail("\(setting.name) must not mix \"*\" with event types")
                return nil
            }
            self = .any
        } else {
            var unique: [String] = []
            for type in types where !unique.contains(type) { unique.append(type) }
            self = .types(unique)
        }
    }

    private static func checkedType(_ text: String) throws(UnfitText) -> String {
        if text == "*" || EventTypes.all.contains(text) { return text }
        if let type = EventTypes.ofHeaderEvents[text] {
            throw UnfitText("must name the event's type: '\(type)', not \(quoted(text))")
        }
        let meant = suggestion(text, EventTypes.all)
        let known = "; the types are \(EventTypes.all.joined(separator: ", ")), or \"*\" for all"
        throw UnfitText(
            "has an unknown event type \(quoted(text))" + (meant.isEmpty ? known : meant)
        )
    }
}

import Yams

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
        let known = values.map(Self.entry).compactMap(\.self)
        // What was reported must not leave a route of less, which its conditions then contradict.
        guard known.count == values.count else { return nil }
        let types = Array(known.joined())
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

    private static let newer = "newer"
    private static let newerExpected = "an event type that this version does not know"

    /// Reads one entry: a type, or `{newer: ...}`; nil when it was reported.
    private static func entry(_ setting: Setting) -> [String]? {
        guard case .mapping(let mapping) = setting.node else {
            guard let type = setting.value(expected, checkedType) else { return nil }
            if type != "*", !EventTypes.all.contains(type) {
                setting.warn(
                    "\(setting.name): this version does not know the event type \(quoted(type)); if "
                        + "a newer Gitea sends it, write { newer: \(type) }, else look at the types: "
                        + EventTypes.all.joined(separator: ", ")
                )
            }
            return [type]
        }
        guard mapping.keys.contains(where: { $0.string == newer }) else {
            setting.mustBe(expected)
            return nil
        }
        guard let value = setting.section(Keys([newer]))?.required(newer),
            let names = value.oneOrMore(newerExpected)
        else { return nil }
        let types = names.compactMap { $0.value(newerExpected, newerType) }
        return types.count == names.count ? types : nil
    }

    private static func newerType(_ text: String) throws(UnfitText) -> String {
        guard !EventTypes.all.contains(text) else {
            throw UnfitText("is for types that this version does not know: write 'on: \(text)'")
        }
        guard isName(text) else {
            throw UnfitText("must be \(newerExpected), not \(quoted(text))")
        }
        return text
    }

    /// Whether the ingress takes such a name from a header.
    private static func isName(_ text: String) -> Bool {
        (1...Limits.nameLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy(\.isNameByte)
    }

    private static func checkedType(_ text: String) throws(UnfitText) -> String {
        if text == "*" || EventTypes.all.contains(text) { return text }
        if let type = EventTypes.ofHeaderEvents[text] {
            throw UnfitText("must name the event's type: '\(type)', not \(quoted(text))")
        }
        let meant = suggestion(text, EventTypes.all)
        // Like no known one, and perhaps newer than this version.
        if meant.isEmpty, isName(text) { return text }
        let known = "; the types are \(EventTypes.all.joined(separator: ", ")), or \"*\" for all"
        throw UnfitText(
            "has an unknown event type \(quoted(text))" + (meant.isEmpty ? known : meant)
        )
    }
}

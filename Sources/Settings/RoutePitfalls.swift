import Yams

/// Values of conditions that are right and hardly meant: YAML or the language of patterns reads them
/// otherwise than their writer.
///
/// Looks at the nodes alone, so that it goes with every condition there is.
enum RoutePitfalls {
    /// What the values of a key are.
    private enum Kind {
        /// A pattern for a name.
        case name
        /// A pattern for a path, where a segment may begin with a dot.
        case path
        /// A text as somebody types it, such as the beginning of a title.
        case text
        /// Anything else.
        case other
    }

    private static let kinds: [String: Kind] = [
        "branch": .name, "tag": .name, "repository": .name, "sender": .name, "author": .name,
        "assignee": .name, "head": .name, "base": .name, "paths": .path, "outside": .path,
        "title": .text, "prefix": .text, "message": .text, "label": .other,
        "matches": .other, "all": .other, "any": .other, "command": .other, "words": .other,
    ]

    /// Warns of such values in the section `routes`.
    static func warn(_ routes: Setting) {
        guard case .sequence(let entries) = routes.node else { return }
        for (number, entry) in entries.enumerated() {
            guard case .mapping(let mapping) = entry, let when = mapping["when"] else { continue }
            look(at: routes.child(when, "[\(number)].when"), .other)
        }
    }

    private static func look(at setting: Setting, _ kind: Kind) {
        switch setting.node {
        case .alias: break
        case .scalar(let scalar): look(at: scalar.string, setting, kind)
        case .sequence(let values):
            if kind == .text, values.count == 1 { list(values, setting) }
            for (number, value) in values.enumerated() {
                look(at: setting.child(value, "[\(number)]"), kind)
            }
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { continue }
                // Under `not` and what is unknown, a value is of the kind around it.
                look(at: setting.child(value, ".\(name.string)"), kinds[name.string] ?? kind)
            }
        }
    }

    /// `title: [IMPLEMENT]`: the brackets are YAML's.
    ///
    /// Right behind a bracket; the first text of a list with hyphens is two columns further on.
    private static func list(_ values: Node.Sequence, _ setting: Setting) {
        guard case .scalar(let word)? = values.first, word.isPlain,
            let bracket = values.mark.map(Place.init), let start = word.mark.map(Place.init),
            start.line == bracket.line, start.column == bracket.column + 1
        else { return }
        let text = word.string
        setting.warn(
            "\(setting.name) is a list with the one text \(quoted(text)): brackets that belong to a "
                + "text need quotes around them, \"[\(text)]\"; for the text alone leave them out"
        )
    }

    private static func look(at text: String, _ setting: Setting, _ kind: Kind) {
        guard kind == .name || kind == .path, let sign = expressionSign(in: text, kind) else {
            return
        }
        setting.warn(
            "\(setting.name): \(quoted(text)) is a pattern, in which '\(sign)' stands for itself, "
                + "and looks like a regular expression: here '*' is any part of a name, "
                + "'{a,b}' one of several"
        )
    }

    /// What regular expressions have and names do not.
    private static func expressionSign(in text: String, _ kind: Kind) -> String? {
        if text.hasPrefix("^") { return "^" }
        if text.hasSuffix("$") { return "$" }
        let signs = ["\\d", "\\w", "\\s", "\\.", "(?", ".+", ")?", ")*"]
        if let sign = signs.first(where: text.contains) { return sign }
        if text.contains("("), text.contains("|") { return "|" }
        // Names of branches and tags have no segment that begins with a dot.
        guard kind == .name, text == ".*" || text.contains("/.*") || text.contains("-.*") else {
            return nil
        }
        return ".*"
    }
}

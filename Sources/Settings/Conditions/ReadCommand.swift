import Yams

/// Reads the condition `command`.
enum ReadCommand {
    private static let keys = Keys(["name", "argument", "edited", "ignore_case"])
    private static let booleans: KeyValuePairs<String, Bool> = ["true": true, "false": false]
    private static let expected =
        "a line such as /approve, a list of lines, or {name: ..., argument: ...}"
    private static let nameExpected = "a line such as /approve, or a list of lines"
    private static let argumentExpected = "a text or pattern, or a list of these"

    static func test(_ setting: Setting) -> CommandTest? {
        guard case .mapping = setting.node else {
            let names = lines(setting, expected)
            return names.isEmpty ? nil : CommandTest(names)
        }
        guard let section = setting.section(keys) else { return nil }
        let edited = section["edited"]?.choice(booleans) ?? false
        let isLax = section["ignore_case"]?.choice(booleans) ?? false
        let arguments = section["argument"].map { value in
            (value.oneOrMore(argumentExpected) ?? []).compactMap { argument in
                argument.value(argumentExpected) { text throws(UnfitText) in
                    try Glob(text, ignoresCase: isLax)
                }
            }
        }
        guard let value = section.required("name") else { return nil }
        let names = lines(value, nameExpected)
        guard !names.isEmpty, arguments?.isEmpty != true else { return nil }
        return CommandTest(
            names,
            arguments: arguments,
            countsEdited: edited,
            ignoresCase: isLax
        )
    }

    private static func lines(_ setting: Setting, _ expected: String) -> [String] {
        (setting.oneOrMore(expected) ?? []).compactMap { $0.value(expected, name) }
    }

    private static func name(_ text: String) throws(UnfitText) -> String {
        let line = text.unicodeScalars[...]
        guard line.allSatisfy({ $0.properties.generalCategory != .control }),
            PlainLine.trimmed(line).count == line.count
        else {
            throw UnfitText("must be one line without spaces around it, not \(quoted(text))")
        }
        guard !text.contains("*") else {
            let start = PlainLine.trimmed(text.prefix { $0 != "*" }.unicodeScalars)
            let name = start.isEmpty ? "/deploy" : String(start)
            throw UnfitText(
                "is compared as it is, and a name takes no pattern: \(quoted(text)); write "
                    + "{ name: \(name), argument: \"**\" }"
            )
        }
        guard PlainLine.command(in: line) != nil else {
            throw UnfitText(
                "cannot be a command: \(quoted(text)) has a sign that Markdown makes something of"
            )
        }
        return text
    }
}

extension Setting {
    /// Reports a member of a route's `with` in whose place the command is handed on that was given.
    func refuseCommandMember() {
        guard case .mapping(let mapping) = node,
            let key = mapping.keys.first(where: { $0.string == "command" })
        else { return }
        reading.fail(
            "\(name).command is taken: there the command is handed on that 'when' asks for; "
                + "choose another name",
            at: key.place
        )
    }
}

extension Condition {
    /// Whether it asks for a command, anywhere.
    var asksForCommand: Bool {
        switch self {
        case .command: true
        case .all(let parts), .any(let parts): parts.contains(where: \.asksForCommand)
        case .not(let part): part.asksForCommand
        default: false
        }
    }
}

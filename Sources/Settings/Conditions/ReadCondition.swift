import Yams

/// A condition and where it stands, so that a contradiction can be shown.
struct ReadCondition {
    let condition: Condition
    let setting: Setting

    /// What it is made of; empty for one that asks about a value itself.
    var parts: [ReadCondition] = []

    init(_ condition: Condition, _ setting: Setting) {
        self.condition = condition
        self.setting = setting
    }

    private init(all parts: [ReadCondition], _ setting: Setting) {
        self.init(.all(parts.map(\.condition)), setting)
        self.parts = parts
    }

    private init(any parts: [ReadCondition], _ setting: Setting) {
        self.init(.any(parts.map(\.condition)), setting)
        self.parts = parts
    }

    private init(not part: ReadCondition, _ setting: Setting) {
        self.init(.not(part.condition), setting)
        parts = [part]
    }

    /// All of these, without a level that says nothing.
    fileprivate static func all(_ parts: [ReadCondition], _ setting: Setting) -> ReadCondition {
        parts.count == 1 ? parts[0] : ReadCondition(all: parts, setting)
    }

    fileprivate static func any(_ parts: [ReadCondition], _ setting: Setting) -> ReadCondition {
        parts.count == 1 ? parts[0] : ReadCondition(any: parts, setting)
    }

    fileprivate static func not(_ part: ReadCondition, _ setting: Setting) -> ReadCondition {
        ReadCondition(not: part, setting)
    }
}

// MARK: - The level

extension ReadCondition {
    /// The keys of a level, in the order in which the conditions are asked.
    private static let keys = Keys(
        [
            "action", "ref", "test", "is_pull", "merged", "draft", "from_fork", "status",
            "conclusion", "workflow", "context", "source", "target_type", "branch", "head_branch",
            "tag", "repository", "head_repository", "sender", "author", "assignee", "milestone",
            "label", "label_added", "label_removed", "title", "message", "time", "paths", "command",
            "all", "any", "not",
        ]
    )

    /// Those whose value may be `{not: ...}`, or which are levels or lists of them.
    private static let negatableKeys =
        [
            "branch", "head_branch", "tag", "repository", "head_repository", "sender", "author",
            "assignee", "milestone", "label", "title", "paths", "all", "any", "not",
        ] + EventText.allCases.map(\.rawValue)

    private static let topKeys = Keys(keys.known + ["trust"])

    /// Reads `when`.
    ///
    /// - Returns: the condition, and the levels of `trust`; nil when everybody is meant.
    static func top(_ setting: Setting) -> (condition: ReadCondition?, trust: TrustNeed?) {
        guard let section = setting.section(topKeys) else { return (nil, nil) }
        let trust = section["trust"].flatMap { setting -> TrustNeed? in
            guard setting.negated == nil else {
                setting.fail("\(setting.name) takes no 'not': list the levels that it takes")
                return nil
            }
            return TrustNeed.read(setting)
        }
        return (.all(level(section), setting), trust)
    }

    /// Reads a level below `when`, which has to ask for something.
    private static func nested(_ setting: Setting) -> ReadCondition? {
        if let pairs = setting.node.mapping?.keys,
            let key = pairs.first(where: { $0.string == "trust" })
        {
            setting.reading.fail(
                "trust stands at the top of when alone: who it is may have to be asked, so a "
                    + "condition cannot depend on it; make two routes",
                at: key.place
            )
            return nil
        }
        guard let section = setting.section(keys) else { return nil }
        let parts = level(section)
        guard !section.isEmpty else {
            setting.fail("\(setting.name) must name a condition")
            return nil
        }
        return parts.isEmpty ? nil : .all(parts, setting)
    }

    private static func level(_ section: Section) -> [ReadCondition] {
        keys.known.compactMap { key in
            section[key].flatMap { read(key, $0) }
        }
    }

    private static func read(_ key: String, _ setting: Setting) -> ReadCondition? {
        guard !setting.isWronglyNegated(key, whereKnown: negatableKeys) else { return nil }
        return switch key {
        case "all": several(setting).map { .all($0, setting) }
        case "any": several(setting).map { .any($0, setting) }
        case "not": negated(setting)
        case "action": words(setting)
        case "branch": alternatives(setting, branches)
        case "tag": alternatives(setting, tags)
        case "title": alternatives(setting) { texts($0, Condition.title) }
        case "label": alternatives(setting) { texts($0, Condition.label) }
        case "milestone": alternatives(setting) { texts($0, Condition.milestone) }
        case "author": alternatives(setting) { users($0, Condition.author) }
        case "sender": alternatives(setting) { users($0, Condition.sender) }
        case "assignee": alternatives(setting) { users($0, Condition.assignee) }
        case "head_branch": alternatives(setting, headBranches)
        case "head_repository": alternatives(setting, headRepositories)
        case "repository": alternatives(setting, isMixed: true, repositories)
        case "paths": alternatives(setting, paths)
        case "ref": changes(setting)
        case "time": TimeWindow(setting).map { ReadCondition(.time($0), setting) }
        case "command": ReadCommand.test(setting).map { ReadCondition(.command($0), setting) }
        default:
            EventText(rawValue: key).flatMap { text($0, setting) }
                ?? EventFact(rawValue: key).flatMap { fact($0, setting) }
        }
    }

    /// Reads `all` or `any`.
    private static func several(_ setting: Setting) -> [ReadCondition]? {
        guard let values = setting.list("a list of conditions") else { return nil }
        guard !values.isEmpty else {
            setting.fail("\(setting.name) is an empty list; name a condition or leave it out")
            return nil
        }
        let parts = values.compactMap(nested)
        return parts.isEmpty ? nil : parts
    }

    /// Reads `not`: one level, or a list of which none may hold.
    private static func negated(_ setting: Setting) -> ReadCondition? {
        if case .sequence = setting.node {
            return several(setting).map { .not(.any($0, setting), setting) }
        }
        return nested(setting).map { .not($0, setting) }
    }
}

// MARK: - One value

extension ReadCondition {
    private static let negation = "not"

    /// Reads a value, a list of which one is enough, or a mapping with `not` and `keys`.
    ///
    /// Values that stand in a list without `not` make one condition.
    ///
    /// - Parameters:
    ///   - setting: the value.
    ///   - isMixed: whether `reader` knows mappings in which `not` is one key of several.
    ///   - reader: makes a condition of what stands there as it is.
    /// - Returns: the condition; nil when there is nothing in it but mistakes.
    private static func alternatives(
        _ setting: Setting,
        isMixed: Bool = false,
        _ reader: ([Setting]) -> ReadCondition?
    ) -> ReadCondition? {
        guard let values = setting.oneOrMore("a value or a list of values") else { return nil }
        let plain = values.filter { isMixed || !$0.isNegated }
        var parts: [ReadCondition] = []
        if !plain.isEmpty, let part = reader(plain) { parts.append(part) }
        for value in values where !isMixed && value.isNegated {
            guard let inner = value.section(Keys([negation]))?.required(negation),
                let part = alternatives(inner, reader)
            else { continue }
            parts.append(.not(part, value))
        }
        if parts.count == 1, values.count > 1 {
            // It is about the list, not about the value that stands first.
            return parts[0].moved(to: setting)
        }
        return parts.isEmpty ? nil : .any(parts, setting)
    }

    private func moved(to setting: Setting) -> ReadCondition {
        var moved = ReadCondition(condition, setting)
        moved.parts = parts
        return moved
    }

    /// One condition about all values that stand there as they are, and one for each mapping.
    private static func gathered<Test>(
        _ settings: [Setting],
        _ make: ([Test]) -> Condition,
        plain: (Setting) -> Test?,
        mapping: (Setting) -> ReadCondition?
    ) -> ReadCondition? {
        var tests: [Test] = []
        var parts: [ReadCondition] = []
        for setting in settings {
            if case .mapping = setting.node {
                if let part = mapping(setting) { parts.append(part) }
            } else if let test = plain(setting) {
                tests.append(test)
            }
        }
        guard let place = settings.first else { return nil }
        if !tests.isEmpty { parts.insert(ReadCondition(make(tests), place), at: 0) }
        return parts.isEmpty ? nil : .any(parts, place)
    }

    private static func noMapping(_ expected: String) -> (Setting) -> ReadCondition? {
        { setting in
            setting.mustBe(expected)
            return nil
        }
    }

    // MARK: Branches and tags

    private static let branchExpected =
        "default, a name or pattern, a list of these, or {not: ...}"

    private static func branches(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.branch,
            plain: { $0.value(branchExpected, branch) },
            mapping: noMapping(branchExpected)
        )
    }

    private static func branch(_ text: String) throws(UnfitText) -> BranchTest {
        if text == "default" { return .defaultBranch }
        return .name(try refName(text, "branch's", "refs/heads/"))
    }

    private static let tagExpected = "a name or pattern, a list of these, or {not: ...}"

    private static func tags(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.tag,
            plain: {
                $0.value(tagExpected) { text throws(UnfitText) in
                    try refName(text, "tag's", "refs/tags/")
                }
            },
            mapping: noMapping(tagExpected)
        )
    }

    /// The default branch of a fork is not told, so that `default` can only be a mistake here.
    private static func headBranches(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.headBranch,
            plain: {
                $0.value(tagExpected) { text throws(UnfitText) in
                    guard text != "default" else {
                        throw UnfitText(
                            "takes names and patterns alone; '[d]efault' is a branch of that name"
                        )
                    }
                    return try refName(text, "branch's", "refs/heads/")
                }
            },
            mapping: noMapping(tagExpected)
        )
    }

    private static func refName(
        _ text: String,
        _ kind: String,
        _ prefix: String
    ) throws(UnfitText) -> Glob {
        guard !text.hasPrefix("refs/") else {
            throw UnfitText("must be a \(kind) name without \(prefix), not \(quoted(text))")
        }
        let glob = try Glob(text)
        if let reason = RefName.problem(glob) {
            throw UnfitText("is no \(kind) name, and never fits: \(quoted(text)) \(reason)")
        }
        return glob
    }

    // MARK: Texts

    private static func text(_ text: EventText, _ setting: Setting) -> ReadCondition? {
        alternatives(setting) { settings in
            for setting in settings { text.check(setting) }
            return texts(settings) { .value(text, $0) }
        }
    }

    private static let textKeys = Keys(["equals", "prefix", "matches", "ignore_case"])
    private static let textExpected =
        "a text, {prefix: ...}, {matches: ...}, a list of these, or {not: ...}"

    private static func texts(
        _ settings: [Setting],
        _ make: ([TextTest]) -> Condition
    ) -> ReadCondition? {
        gathered(
            settings,
            make,
            plain: { $0.text(textExpected).map { .equals($0) } },
            mapping: { textMapping($0, make) }
        )
    }

    private static func textMapping(
        _ setting: Setting,
        _ make: ([TextTest]) -> Condition
    ) -> ReadCondition? {
        guard let section = setting.section(textKeys) else { return nil }
        let comparisons = ["equals", "prefix", "matches"]
        guard !section.isEmpty else {
            setting.mustBe(textExpected)
            return nil
        }
        // A key that nobody knows was reported, and may be the one that is missed.
        guard section["ignore_case"] == nil || comparisons.contains(where: { section[$0] != nil })
        else {
            setting.fail("\(setting.name) needs one of \(comparisons.joined(separator: ", "))")
            return nil
        }
        let isLax = section["ignore_case"]?.choice(booleans) ?? false
        var parts: [ReadCondition] = []
        func add(_ key: String, _ kind: String, _ test: (Setting) -> TextTest?) {
            guard let value = section[key] else { return }
            let tests = (value.oneOrMore(kind) ?? []).compactMap(test)
            if !tests.isEmpty { parts.append(ReadCondition(make(tests), value)) }
        }
        add("equals", "a text or a list of texts") {
            $0.text().map { .equals($0, ignoresCase: isLax) }
        }
        add("prefix", "a text or a list of texts") {
            $0.value("a text", beginning).map { .prefix($0, ignoresCase: isLax) }
        }
        add("matches", "an expression or a list of them") {
            $0.value("an expression") { text throws(UnfitText) in
                let isAlready = !isLax || text.hasPrefix("(?i)")
                return .matches(try Expression(isAlready ? text : "(?i)" + text))
            }
        }
        return parts.isEmpty ? nil : .all(parts, setting)
    }

    private static func beginning(_ text: String) throws(UnfitText) -> String {
        guard text.utf8.elementsEqual(text.withoutLeadingSpace.utf8) else {
            throw UnfitText(
                "begins with white space, and texts are compared without it: \(quoted(text))"
            )
        }
        return text
    }

    // MARK: Users and repositories

    private static let userExpected =
        "a numeric id, a name or pattern, a list of these, or {not: ...}"

    private static func users(
        _ settings: [Setting],
        _ make: ([UserTest]) -> Condition
    ) -> ReadCondition? {
        gathered(
            settings,
            make,
            plain: { setting in
                if let id = setting.plainNumber {
                    if id != 0 { return .id(id) }
                    setting.fail("\(setting.name) is 0, which is nobody's id: ids begin at 1")
                    return nil
                }
                setting.warnOfNumber()
                return setting.value(userExpected) { text throws(UnfitText) in
                    let glob = try Glob(text, ignoresCase: true)
                    guard SegmentCount.of(text) ?? 1 == 1 else {
                        throw UnfitText(
                            "is never a user's name, which has no '/': \(quoted(text))"
                        )
                    }
                    return .login(glob)
                }
            },
            mapping: noMapping(userExpected)
        )
    }

    private static let repositoryKeys = Keys(
        ["name", "id"] + repositoryFacts.map(\.rawValue) + [negation]
    )
    private static let repositoryFacts: [EventFact] = [.archived, .private, .fork, .mirror]
    private static let repositoryExpected = "owner/name, a pattern, a numeric id, or a mapping"

    private static func repositories(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.repository,
            plain: repository,
            mapping: repositoryMapping
        )
    }

    private static let headRepositoryExpected =
        "owner/name, a pattern, a numeric id, a list of these, or {not: ...}"

    private static func headRepositories(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.headRepository,
            plain: repository,
            mapping: noMapping(headRepositoryExpected)
        )
    }

    private static func repository(_ setting: Setting) -> RepositoryTest? {
        if let id = setting.plainNumber {
            if id != 0 { return .id(id) }
            setting.fail("\(setting.name) is 0, which is no repository's id: ids begin at 1")
            return nil
        }
        return setting.value(repositoryExpected) { text throws(UnfitText) in
            // A pattern over segments may have no slash of its own.
            guard text.contains("/") || text.contains("**") else {
                if text == "*" {
                    throw UnfitText("must be owner/name, not '*'; '*/*' is every repository")
                }
                throw UnfitText(
                    "must be owner/name, not \(quoted(text)); '*/\(text)' is of every owner, "
                        + "'\(text)/*' are all of one"
                )
            }
            let glob = try Glob(text, ignoresCase: true)
            guard SegmentCount.of(text) ?? 2 == 2 else {
                throw UnfitText("must be owner/name, with one '/', not \(quoted(text))")
            }
            return .name(glob)
        }
    }

    private static func repositoryMapping(_ setting: Setting) -> ReadCondition? {
        guard let section = setting.section(repositoryKeys) else { return nil }
        guard !section.isEmpty else {
            let keys = repositoryKeys.known.joined(separator: ", ")
            setting.fail("\(setting.name) is empty: it may have \(keys)")
            return nil
        }
        var parts: [ReadCondition] = []
        for key in ["name", "id"] {
            guard let value = section[key] else { continue }
            let tests = (value.oneOrMore(repositoryExpected) ?? []).compactMap { setting in
                if key == "id", setting.plainNumber == nil {
                    setting.mustBe("a numeric id")
                    return RepositoryTest?.none
                }
                return repository(setting)
            }
            if !tests.isEmpty { parts.append(ReadCondition(.repository(tests), value)) }
        }
        for key in repositoryFacts {
            if let part = section[key.rawValue].flatMap({ fact(key, $0) }) { parts.append(part) }
        }
        if let value = section[negation],
            let part = alternatives(value, isMixed: true, repositories)
        {
            parts.append(.not(part, value))
        }
        return parts.isEmpty ? nil : .all(parts, setting)
    }

    // MARK: The rest

    private static let booleans: KeyValuePairs<String, Bool> = ["true": true, "false": false]

    private static func fact(_ fact: EventFact, _ setting: Setting) -> ReadCondition? {
        setting.choice(booleans).map { ReadCondition(.fact(fact, $0), setting) }
    }

    private static func words(_ setting: Setting) -> ReadCondition? {
        let expected = "an action or a list of actions"
        let words = setting.oneOrMore(expected)?.compactMap { value -> String? in
            guard let word = value.text(expected) else { return nil }
            guard Situation.actions.contains(word) else {
                value.fail(
                    "\(value.name) is an unknown action \(quoted(word))"
                        + suggestion(word, Situation.actions)
                )
                return nil
            }
            return word
        }
        guard let words, !words.isEmpty else { return nil }
        return ReadCondition(.action(words), setting)
    }

    private static let changeWords: KeyValuePairs<String, RefChangeTest> = [
        "created": .created, "updated": .updated, "deleted": .deleted,
    ]

    private static func changes(_ setting: Setting) -> ReadCondition? {
        let values = setting.oneOrMore("created, updated, deleted or a list of these") ?? []
        let changes = values.compactMap { $0.choice(changeWords) }
        return changes.isEmpty ? nil : ReadCondition(.ref(changes), setting)
    }

    private static let pathKeys = Keys(["outside"])
    private static let pathExpected =
        "a path or pattern, {outside: ...}, a list of these, or {not: ...}"

    private static func paths(_ settings: [Setting]) -> ReadCondition? {
        gathered(
            settings,
            Condition.paths,
            plain: { $0.value(pathExpected, path) },
            mapping: { setting in
                guard let value = setting.section(pathKeys)?.required("outside") else { return nil }
                let globs = (value.oneOrMore(pathExpected) ?? [])
                    .compactMap { $0.value(pathExpected, path) }
                return globs.isEmpty ? nil : ReadCondition(.pathsOutside(globs), value)
            }
        )
    }

    private static func path(_ text: String) throws(UnfitText) -> Glob {
        guard !text.hasPrefix("/"), !text.hasPrefix("./") else {
            throw UnfitText(
                "must be a path from the top of the repository, such as docs/**, not "
                    + quoted(text)
            )
        }
        guard !text.hasSuffix("/") else {
            throw UnfitText("must be a file's path: '\(text)**' is everything in the folder")
        }
        return try Glob(text)
    }
}

extension Setting {
    /// Whether it is a mapping with the key `not`, or without any.
    fileprivate var isNegated: Bool {
        guard case .mapping(let mapping) = node else { return false }
        return mapping.isEmpty || mapping.keys.contains { $0.string == "not" }
    }

    /// The value of `not`, of a mapping that has it; of a list, that of the first that does.
    fileprivate var negated: Node? {
        switch node {
        case .mapping(let mapping): mapping.first { $0.key.string == "not" }?.value
        case .sequence(let values):
            values.lazy.compactMap { child($0, "").negated }.first
        case .scalar, .alias: nil
        }
    }

    /// Reports `{not: ...}` as the value of a key that does not take it, with what to write.
    fileprivate func isWronglyNegated(_ key: String, whereKnown known: [String]) -> Bool {
        guard !known.contains(key), let negated else { return false }
        let value: String? =
            switch negated {
            case .scalar(let scalar): scalar.string
            case .sequence(let values):
                values.allSatisfy { $0.scalar != nil }
                    ? "[\(values.compactMap(\.scalar?.string).joined(separator: ", "))]" : nil
            case .mapping, .alias: nil
            }
        // What needs quotes, or is long, is left for the writer to copy.
        let isPlain = value?.utf8.allSatisfy { $0.isNameByte || " ,/[]".utf8.contains($0) } ?? false
        let shown = value.flatMap { isPlain && $0.utf8.count <= 60 ? $0 : nil } ?? "..."
        fail("\(name) takes no 'not'; write not: { \(key): \(shown) }")
        return true
    }

    /// Says that what looks like a number is taken for a name.
    fileprivate func warnOfNumber() {
        guard case .scalar(let scalar) = node, scalar.isPlain else { return }
        let text = scalar.string
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) })
        else { return }
        warn(
            "\(name): \(quoted(text)) is no id, and is taken for a name; put a name of digits into "
                + "quotes"
        )
    }

    /// A whole number without quotes: those are a name.
    fileprivate var plainNumber: Int64? {
        guard case .scalar(let scalar) = node, scalar.isPlain else { return nil }
        let digits = scalar.string.hasPrefix("-") ? scalar.string.dropFirst() : scalar.string[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int64(scalar.string)
    }
}

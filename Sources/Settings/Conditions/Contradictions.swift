/// Finds conditions that no event can meet.
struct Contradictions {
    /// What the route's event types can report.
    private let situations: [Situation]

    /// The route's event types, when it names some.
    private let names: [String]

    /// The route's event types, as a message names them.
    private let types: String

    init(_ events: EventSelection) {
        switch events {
        case .any:
            situations = Situation.all
            names = []
            types = "any event"
        case .types(let types):
            let newer = types.filter { !EventTypes.all.contains($0) }
            situations =
                Situation.all.filter { types.contains($0.type) }
                + newer.map { Situation(type: $0, isNewer: true) }
            names = types
            self.types = types.joined(separator: " or ")
        }
    }

    /// Reports what never holds; the smallest part of it alone.
    ///
    /// Of a condition that can hold, it warns of event types for which it cannot.
    func report(_ condition: ReadCondition) {
        guard isFine(condition, isWanted: true), names.count > 1 else { return }
        let dead = names.filter { type in
            !situations.contains { $0.type == type && $0.admits(condition.condition) }
        }
        guard !dead.isEmpty, dead.count < names.count else { return }
        condition.setting.warn(
            "\(condition.setting.name) never holds for \(dead.joined(separator: " or ")): "
                + "take it out of 'on', or out of 'when' what it does not have"
        )
    }

    private func isFine(_ read: ReadCondition, isWanted: Bool) -> Bool {
        if read.parts.isEmpty { return isFine(leaf: read, isWanted: isWanted) }
        let isNegation = if case .not = read.condition { true } else { false }
        var areFine = true
        for part in read.parts where !isFine(part, isWanted: isNegation != isWanted) {
            areFine = false
        }
        guard areFine, !isNegation else { return areFine }
        guard joins(read, isWanted: isWanted) else { return true }
        if let pair = conflict(read.parts, isWanted: isWanted) {
            pair.second.setting.fail(
                "\(pair.second.setting.name) and \(pair.first.setting.name) never hold together"
                    + pair.reason
            )
            return false
        }
        guard !situations.contains(where: { $0.admits(read.condition, isWanted: isWanted) })
        else { return true }
        read.setting.fail("\(read.setting.name) never holds for \(types)")
        return false
    }

    /// Whether all parts have to hold: those of `all`, or under `not` those of `any`.
    private func joins(_ read: ReadCondition, isWanted: Bool) -> Bool {
        if case .all = read.condition { return isWanted }
        return !isWanted
    }

    // MARK: One condition

    private func isFine(leaf read: ReadCondition, isWanted: Bool) -> Bool {
        let condition = read.condition
        if isWanted, case .action(let words) = condition, words.count > 1 {
            // One word that never comes is as wrong as all of them.
            var areFine = true
            for word in words where !isPossible(.action([word]), isWanted) {
                areFine = false
                read.setting.fail(
                    "\(read.setting.name): \(word) \(never(.action([word]), isWanted))"
                )
            }
            return areFine
        }
        guard !isPossible(condition, isWanted) else { return true }
        read.setting.fail(
            "\(read.setting.name): \(condition.expectation) \(never(condition, isWanted))"
        )
        return false
    }

    private func isPossible(_ condition: Condition, _ isWanted: Bool) -> Bool {
        condition == .all([])
            || situations.contains { $0.admits(condition, isWanted: isWanted) }
    }

    /// `never holds for push; it can for issues, release`.
    private func never(_ condition: Condition, _ isWanted: Bool) -> String {
        var fitting: [String] = []
        for situation in Situation.all
        where situation.admits(condition, isWanted: isWanted) && !fitting.contains(situation.type) {
            fitting.append(situation.type)
        }
        let opposite = isWanted ? "" : "(under 'not') "
        let advice = fitting.isEmpty ? "" : "; it can for \(fitting.joined(separator: ", "))"
        return "\(opposite)never holds for \(types)\(advice)"
    }

    // MARK: Two conditions

    private typealias Conflict = (first: ReadCondition, second: ReadCondition, reason: String)

    private func conflict(_ parts: [ReadCondition], isWanted: Bool) -> Conflict? {
        let parts = parts.flatMap { Self.flattened($0, isWanted) }
        for (number, second) in parts.enumerated() {
            for first in parts[..<number] {
                let isTogether = situations.contains {
                    $0.admits(first.read.condition, isWanted: first.isWanted)
                        && $0.admits(second.read.condition, isWanted: second.isWanted)
                }
                if !isTogether { return (first.read, second.read, " for \(types)") }
                if Self.exclude(first, second) || Self.exclude(second, first) {
                    return (first.read, second.read, "")
                }
            }
        }
        return nil
    }

    private typealias Part = (read: ReadCondition, isWanted: Bool)

    /// What has to hold, without levels that only join.
    private static func flattened(_ read: ReadCondition, _ isWanted: Bool) -> [Part] {
        switch (read.condition, isWanted) {
        case (.all, true), (.any, false):
            read.parts.flatMap { flattened($0, isWanted) }
        case (.not, _): read.parts.flatMap { flattened($0, !isWanted) }
        default: [(read, isWanted)]
        }
    }

    /// Whether what the first allows is all forbidden by the second.
    private static func exclude(_ first: Part, _ second: Part) -> Bool {
        if first.read.condition == second.read.condition {
            return first.isWanted != second.isWanted
        }
        guard first.isWanted, first.read.condition.subject == second.read.condition.subject else {
            return false
        }
        return first.read.condition.leavesNothing(
            beside: second.read.condition,
            isWanted: second.isWanted
        )
    }
}

extension Condition {
    /// Whether no value that this allows is one that another condition wants.
    ///
    /// False where that cannot be told, as of two patterns.
    fileprivate func leavesNothing(beside other: Condition, isWanted: Bool) -> Bool {
        switch (self, other) {
        case (.tag(let own), .tag(let globs)):
            Self.none(own.map(\.name)) { name in
                globs.contains { $0.matches(name) } == isWanted
            }
        case (.branch(let own), .branch(let tests)):
            Self.none(own.map(\.name)) { name in
                // Which one is the default branch, only the event knows.
                isWanted
                    ? tests.contains { $0 == .defaultBranch || $0.matches(name) }
                    : !tests.contains { $0.matches(name) }
            }
        case (.title(let own), .title(let tests)), (.milestone(let own), .milestone(let tests)):
            Self.none(own.map(\.whole)) { text in
                tests.contains { $0.accepts(text) } == isWanted
            } || isWanted && Self.beginOtherwise(own, tests)
        case (.value(let text, let own), .value(_, let tests)) where text.isSingle:
            Self.none(own.map(\.whole)) { text in
                tests.contains { $0.accepts(text) } == isWanted
            } || isWanted && Self.beginOtherwise(own, tests)
        case (.headBranch(let own), .headBranch(let globs)):
            Self.none(own.map(\.name)) { name in
                globs.contains { $0.matches(name) } == isWanted
            }
        case (.author(let own), .author(let tests)), (.sender(let own), .sender(let tests)):
            Self.none(own.map(\.number)) { id in
                // A name may be anybody's.
                isWanted
                    ? tests.contains { $0.number == nil || $0.number == id }
                    : !tests.contains { $0.number == id }
            }
        case (.repository(let own), .repository(let tests)),
            (.headRepository(let own), .headRepository(let tests)):
            Self.none(own.map(\.number)) { id in
                isWanted
                    ? tests.contains { $0.number == nil || $0.number == id }
                    : !tests.contains { $0.number == id }
            }
        default: false
        }
    }

    /// Whether no text begins as one of these and one of those wants it.
    private static func beginOtherwise(_ own: [TextTest], _ tests: [TextTest]) -> Bool {
        own.allSatisfy { one in
            tests.allSatisfy { other in
                guard let one = one.beginning, let other = other.beginning else { return false }
                let isLax = one.ignoresCase || other.ignoresCase
                return !one.text.utf8.starts(with: other.text.utf8, ignoringCase: isLax)
                    && !other.text.utf8.starts(with: one.text.utf8, ignoringCase: isLax)
            }
        }
    }

    /// Whether every value is known and none is possible.
    private static func none<Value>(_ values: [Value?], _ isPossible: (Value) -> Bool) -> Bool {
        let known = values.compactMap(\.self)
        return known.count == values.count && !known.contains(where: isPossible)
    }
}

extension BranchTest {
    fileprivate var name: String? {
        switch self {
        case .defaultBranch: nil
        case .name(let glob): glob.name
        }
    }

    fileprivate func matches(_ name: String) -> Bool {
        switch self {
        case .defaultBranch: false
        case .name(let glob): glob.matches(name)
        }
    }
}

extension TextTest {
    fileprivate var whole: String? {
        switch self {
        case .equals(let whole, ignoresCase: false): whole
        case .equals, .prefix, .matches: nil
        }
    }

    /// What every text begins with that it accepts; nil when that is not certain.
    fileprivate var beginning: (text: String, ignoresCase: Bool)? {
        switch self {
        case .equals(let text, let ignoresCase), .prefix(let text, let ignoresCase):
            return (String(text.withoutLeadingSpace), ignoresCase)
        case .matches(let expression):
            let source = expression.source
            // An alternative may begin otherwise.
            guard source.hasPrefix("^"), !source.contains("|") else { return nil }
            var start = source.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            let next = source[start.endIndex...].first
            // The last one may be wanted never, or is what an accent stands on.
            if let next, "*?{".contains(next) || !next.isASCII { start = start.dropLast() }
            return start.isEmpty ? nil : (String(start), false)
        }
    }
}

extension UserTest {
    fileprivate var number: Int64? {
        switch self {
        case .id(let id): id
        case .login: nil
        }
    }
}

extension RepositoryTest {
    fileprivate var number: Int64? {
        switch self {
        case .id(let id): id
        case .name: nil
        }
    }
}

import Gitea
import Settings

/// Asks a route's condition about a delivery.
///
/// A value that the event does not have meets neither a condition nor its opposite. Nothing is
/// written down while it is asked; the sentence comes when it failed.
struct ConditionMatch {
    private let facts: EventFacts

    /// Why something was taken to hold that could not be seen; nil when all could.
    private(set) var assumption: String?

    /// The first command that was asked for and given; nil when none was.
    private(set) var command: GivenCommand?

    init(_ facts: EventFacts) {
        self.facts = facts
    }

    private enum Answer {
        case yes, no
        /// The event has no such value.
        case missing
        /// What the payload shows is not all; the safe guess is yes.
        case maybe

        init(_ isSo: Bool) { self = isSo ? .yes : .no }
    }

    /// Whether a condition holds; with `isWanted` false, whether its opposite does.
    ///
    /// Stops at the first part that decides.
    ///
    /// - Throws: when a member of the payload that is read is not what it should be.
    mutating func holds(
        _ condition: Condition,
        isWanted: Bool = true
    ) throws(PayloadError) -> Bool {
        switch condition {
        case .all(let parts):
            return try isWanted ? allHold(parts, true) : anyHolds(parts, false)
        case .any(let parts):
            return try isWanted ? anyHolds(parts, true) : allHold(parts, false)
        case .not(let part):
            return try holds(part, isWanted: !isWanted)
        case .action, .branch, .tag, .title, .label, .milestone, .author, .sender, .repository,
            .fact, .paths, .pathsOutside, .ref, .time, .command, .value, .headBranch,
            .headRepository, .assignee:
            switch try answer(condition) {
            case .yes:
                if isWanted, case .command(let test) = condition, command == nil {
                    command = try given(test)
                }
                return isWanted
            case .no: return !isWanted
            case .missing: return false
            case .maybe:
                if isWanted { assumption = try unlisted() }
                return isWanted
            }
        }
    }

    private mutating func allHold(
        _ parts: [Condition],
        _ isWanted: Bool
    ) throws(PayloadError) -> Bool {
        for part in parts where try !holds(part, isWanted: isWanted) { return false }
        return true
    }

    private mutating func anyHolds(
        _ parts: [Condition],
        _ isWanted: Bool
    ) throws(PayloadError) -> Bool {
        let before = (assumption, command)
        for part in parts {
            if try holds(part, isWanted: isWanted) { return true }
            // What a part assumed or found that failed all the same, nobody relies on.
            (assumption, command) = before
        }
        return false
    }
}

// MARK: - Asking

extension ConditionMatch {
    private func answer(_ condition: Condition) throws(PayloadError) -> Answer {
        switch condition {
        case .all, .any, .not:
            // These are taken apart above.
            return .missing
        case .action(let words):
            guard let action = try facts.action else { return .missing }
            return Answer(action.isOne(of: words))
        case .branch(let tests):
            return try branch(tests)
        case .tag(let globs):
            guard let tag = try facts.tag else { return .missing }
            return Answer(globs.contains { $0.matches(tag) })
        case .title(let tests):
            guard let title = try facts.title else { return .missing }
            return Answer(tests.contains { $0.accepts(title) })
        case .label(let tests):
            guard let labels = try facts.labels else { return .missing }
            return Answer(labels.contains { label in tests.contains { $0.accepts(label) } })
        case .milestone(let tests):
            switch try facts.milestone {
            case .title(let title): return Answer(tests.contains { $0.accepts(title) })
            case .none: return .no
            case .missing: return .missing
            }
        case .author(let tests):
            return Self.user(try facts.author, tests)
        case .sender(let tests):
            return Self.user(try facts.sender, tests)
        case .repository(let tests):
            return Self.repository(try facts.repository, tests)
        case .fact(let fact, let value):
            guard let found = try self.value(of: fact) else { return .missing }
            return Answer(found == value)
        case .paths(let globs):
            return try paths(globs, isOutside: false)
        case .pathsOutside(let globs):
            return try paths(globs, isOutside: true)
        case .ref(let changes):
            guard let change = try facts.event.refChange else { return .missing }
            return Answer(changes.contains { $0.rawValue == change.rawValue })
        case .time(let window):
            return Answer(window.contains(facts.moment))
        case .command(let command):
            return try answer(to: command)
        case .value(let text, let tests):
            return try self.text(text, tests)
        case .headBranch(let globs):
            guard let branch = try facts.headBranch else { return .missing }
            return Answer(globs.contains { $0.matches(branch) })
        case .headRepository(let tests):
            return Self.repository(try facts.headRepository, tests)
        case .assignee(let tests):
            return try assignee(tests)
        }
    }

    private func text(_ text: EventText, _ tests: [TextTest]) throws(PayloadError) -> Answer {
        guard let values = try facts.values(of: text) else {
            // A label that is not there now was not added. Of removed ones nothing is certain: the
            // body of `label_cleared` may show those that were there before.
            guard text == .labelAdded, let labels = try facts.labels else { return .missing }
            let isThere = labels.contains { label in tests.contains { $0.accepts(label) } }
            return isThere ? .missing : .no
        }
        return Answer(values.contains { value in tests.contains { $0.accepts(value) } })
    }

    /// Of several people one is enough; who lacks an id or a name may be the one that is meant.
    private func assignee(_ tests: [UserTest]) throws(PayloadError) -> Answer {
        guard let assignees = try facts.assignees else { return .missing }
        var answer = Answer.no
        for user in assignees {
            switch Self.user(user, tests) {
            case .yes: return .yes
            case .missing: answer = .missing
            case .no, .maybe: break
            }
        }
        return answer
    }

    private func branch(_ tests: [BranchTest]) throws(PayloadError) -> Answer {
        guard case .branch(let branch) = try facts.branch else { return .missing }
        var isUnknown = false
        for test in tests {
            switch test {
            case .name(let glob):
                if glob.matches(branch) { return .yes }
            case .defaultBranch:
                // Without it, `{ not: default }` would hold for every branch, also for that one.
                if let known = try facts.defaultBranch {
                    if branch.isOne(of: [known]) { return .yes }
                } else {
                    isUnknown = true
                }
            }
        }
        return isUnknown ? .missing : .no
    }

    /// Who lacks an id or a name may be the one that is meant.
    private static func user(_ user: NamedFact, _ tests: [UserTest]) -> Answer {
        var isUnknown = false
        for test in tests {
            switch test {
            case .id(let id):
                if user.id == id { return .yes }
                isUnknown = isUnknown || user.id == nil
            case .login(let glob):
                if let name = user.name, glob.matches(name) { return .yes }
                isUnknown = isUnknown || user.name == nil
            }
        }
        return isUnknown ? .missing : .no
    }

    private static func repository(_ repository: NamedFact, _ tests: [RepositoryTest]) -> Answer {
        var isUnknown = false
        for test in tests {
            switch test {
            case .id(let id):
                if repository.id == id { return .yes }
                isUnknown = isUnknown || repository.id == nil
            case .name(let glob):
                if let name = repository.name, glob.matches(name) { return .yes }
                isUnknown = isUnknown || repository.name == nil
            }
        }
        return isUnknown ? .missing : .no
    }

    private func value(of fact: EventFact) throws(PayloadError) -> Bool? {
        let event = facts.event
        switch fact {
        case .isPull: return event.isPull
        case .merged: return event.isPull == true ? try event.issue?.isMerged : nil
        case .draft: return event.isPull == true ? try event.issue?.isDraft : nil
        case .fromFork: return try event.pullRequest?.isFromFork
        case .test: return try event.isTestDelivery
        case .archived: return try event.repository.isArchived
        case .private: return try event.repository.isPrivate
        case .fork: return try event.repository.isFork
        case .mirror: return try event.repository.isMirror
        }
    }

    /// Only a push to a branch says which paths it changes, and not always all of them.
    private func paths(_ globs: [Glob], isOutside: Bool) throws(PayloadError) -> Answer {
        guard let changed = try facts.changedPaths else { return .missing }
        if facts.changes(globs, isOutside: isOutside, in: changed) { return .yes }
        return changed.unlisted == nil ? .no : .maybe
    }

    private func unlisted() throws(PayloadError) -> String {
        try facts.changedPaths?.unlisted ?? ""
    }

    private func answer(to command: CommandTest) throws(PayloadError) -> Answer {
        guard let text = CommandText(facts.event), let action = try facts.action else {
            return .missing
        }
        if !text.isNew(action) {
            guard case .comment(let comment) = text, action == "edited", command.countsEdited
            else { return .no }
            guard let isOwn = try comment.isByItsAuthor else { return .missing }
            guard isOwn else { return .no }
        }
        guard try facts.commandLines != nil else { return .missing }
        return Answer(try given(command) != nil)
    }

    private func given(_ command: CommandTest) throws(PayloadError) -> GivenCommand? {
        for line in try facts.commandLines?.spoken ?? [] {
            if let given = command.given(by: line) { return given }
        }
        return nil
    }
}

// MARK: - Saying why not

extension ConditionMatch {
    /// Which condition failed, and on which value.
    ///
    /// - Parameters:
    ///   - condition: one that does not hold.
    ///   - isWanted: whether it, or its opposite, was to hold.
    /// - Returns: a sentence without its full stop: `branch is main, not feature/*`.
    /// - Throws: when a member of the payload that is read is not what it should be.
    func reason(
        _ condition: Condition,
        isWanted: Bool = true
    ) throws(PayloadError) -> String {
        switch condition {
        case .not(let part):
            return try reason(part, isWanted: !isWanted)
        case .all(let parts), .any(let parts):
            let isAll = if case .all = condition { true } else { false }
            var reasons: [String] = []
            for part in parts {
                var match = self
                guard try !match.holds(part, isWanted: isWanted) else { continue }
                let reason = try reason(part, isWanted: isWanted)
                // Of what has to hold together the first failure is enough.
                if isAll == isWanted { return reason }
                if !reasons.contains(reason) { reasons.append(reason) }
            }
            return reasons.joined(separator: "; ")
        case .action, .branch, .tag, .title, .label, .milestone, .author, .sender, .repository,
            .fact, .paths, .pathsOutside, .ref, .time, .command, .value, .headBranch,
            .headRepository, .assignee:
            let answer = try answer(condition)
            if case .missing = answer { return try missing(condition) }
            let expected = condition.expectation
            switch condition {
            case .paths, .pathsOutside:
                if case .maybe = answer { return "\(try unlisted()), perhaps \(expected)" }
                return isWanted
                    ? "no changed path is \(expected)" : "a changed path is \(expected)"
            case .all, .any, .not, .action, .branch, .tag, .title, .label, .milestone, .author,
                .sender, .repository, .fact, .ref, .time, .command, .value, .headBranch,
                .headRepository, .assignee:
                break
            }
            if case .command(let command) = condition { return try said(command, isWanted) }
            return try found(condition) + (isWanted ? ", not " : ", and must not be ") + expected
        }
    }

    /// What there is: `branch is main`.
    private func found(_ condition: Condition) throws(PayloadError) -> String {
        switch condition {
        case .all, .any, .not, .paths, .pathsOutside: return condition.text
        case .action: return "action is \(try facts.action ?? "")"
        case .branch:
            guard case .branch(let branch) = try facts.branch else { return "" }
            return "branch is \(branch)"
        case .tag: return "tag is \(try facts.tag ?? "")"
        case .title: return "title is \(Self.short(try facts.title ?? ""))"
        case .label: return try foundLabels()
        case .milestone:
            guard case .title(let title) = try facts.milestone else {
                return "there is no milestone"
            }
            return "milestone is \(Self.short(title))"
        case .author: return "author is \(try facts.author.text ?? "")"
        case .sender: return "sender is \(try facts.sender.text ?? "")"
        case .repository: return "repository is \(try facts.repository.text ?? "")"
        case .fact(let fact, _):
            return "\(fact.rawValue) is \(try value(of: fact).map(String.init) ?? "")"
        case .ref: return "ref is \(try facts.event.refChange?.rawValue ?? "")"
        case .time(let window): return "time is \(window.text(of: facts.moment))"
        case .command: return condition.text
        case .value(let text, _): return try found(text)
        case .headBranch: return "head_branch is \(try facts.headBranch ?? "")"
        case .headRepository:
            return "head_repository is \(try facts.headRepository.text ?? "")"
        case .assignee:
            let names = try (facts.assignees ?? []).compactMap(\.text)
            return names.isEmpty
                ? "nobody is assigned" : "assigned to \(names.joined(separator: ", "))"
        }
    }

    private func found(_ text: EventText) throws(PayloadError) -> String {
        guard let values = try facts.values(of: text) else { return try foundLabels() }
        let shown = values.map(Self.short).joined(separator: ", ")
        return "\(text.rawValue) is \(values.isEmpty ? "none" : shown)"
    }

    private func foundLabels() throws(PayloadError) -> String {
        let labels = try facts.labels ?? []
        return labels.isEmpty
            ? "there is no label" : "labels are \(labels.map(Self.short).joined(separator: ", "))"
    }

    /// Why there is no such command, or that there is one.
    private func said(_ command: CommandTest, _ isWanted: Bool) throws(PayloadError) -> String {
        guard isWanted else { return "a line is \(command.text), and must not be" }
        if let reason = try silence(command) { return reason }
        guard let lines = try facts.commandLines, let noun = CommandText(facts.event)?.noun else {
            return "no line is \(command.text)"
        }
        guard !lines.isTooLong else { return "the text of the \(noun) is too long for commands" }
        for line in lines.barred {
            // Its name alone: what follows may be long.
            guard let barrier = lines.barrier, let name = command.given(by: line.text)?.name else {
                continue
            }
            return line.number > barrier
                ? "\(name) stands behind line \(barrier), which could hide it: "
                    + "put the command before the text that could hide it"
                : "\(name) is indented like code: put it into the first column"
        }
        return "no line is \(command.text)"
    }

    /// Why commands do not count in the text, whichever there are; nil when they do.
    private func silence(_ command: CommandTest) throws(PayloadError) -> String? {
        let action = try facts.action ?? ""
        guard let text = CommandText(facts.event), !text.isNew(action) else { return nil }
        guard case .comment(let comment) = text, action == "edited" else {
            return "the \(text.noun) is \(action), which gives no command"
        }
        guard command.countsEdited else {
            return "the comment is edited, and commands of edited ones need 'edited: true'"
        }
        return try comment.isByItsAuthor == false ? "somebody else edited the comment" : nil
    }

    /// What is not there.
    private func missing(_ condition: Condition) throws(PayloadError) -> String {
        switch condition {
        case .branch:
            switch try facts.branch {
            case .missing: return "the event has no branch"
            case .otherRef(let name): return "\(name) is not a branch"
            case .branch: return "the payload does not name the default branch"
            }
        case .tag:
            if let ref = try facts.event.ref { return "\(ref.full) is not a tag" }
            return "the event has no tag"
        case .paths, .pathsOutside:
            if case .otherRef(let name) = try facts.branch { return "\(name) is not a branch" }
            return "the event has no changed paths"
        case .ref: return "the event is about no branch or tag"
        case .command:
            return CommandText(facts.event) == nil
                ? "the event brings no text that gives commands"
                : "the payload does not show the text, or whose it is"
        case .value(.labelAdded, _), .value(.labelRemoved, _):
            return try facts.labels == nil
                ? "the event has no \(condition.subject)"
                : "the payload does not say which label changed"
        case .all, .any, .not, .action, .title, .label, .milestone, .author, .sender,
            .repository, .fact, .time, .value, .headBranch, .headRepository, .assignee:
            return "the event has no \(condition.subject)"
        }
    }

    /// People's text, cut to what a record needs.
    private static func short(_ text: String) -> String {
        let length = 120
        let start = text.unicodeScalars.prefix(length + 1)
        guard start.count > length else { return "'\(text)'" }
        return "'\(String(start.prefix(length)))…'"
    }
}

extension String {
    /// Whether it is one of these, byte for byte.
    ///
    /// `==` takes what Unicode holds for the same, such as a K and the Kelvin sign.
    fileprivate func isOne(of words: [String]) -> Bool {
        words.contains { $0.utf8.elementsEqual(utf8) }
    }
}

/// What a route asks of an event beyond its type.
///
/// A condition is asked about one value of the event. A value that the event does not have meets
/// no condition, and does not meet its opposite either: `not` never runs what is not known.
package indirect enum Condition: Sendable, Equatable {
    /// All of these; none of them is asked for when there are none.
    case all([Condition])

    /// At least one of these; there is one.
    case any([Condition])

    /// The opposite, of a value that is known.
    case not(Condition)

    /// The payload's action is one of these.
    case action([String])

    /// The branch is one of these.
    case branch([BranchTest])

    /// The tag is one of these.
    case tag([Glob])

    /// The title of the issue, pull request or release is as one of these wants it.
    case title([TextTest])

    /// One of the labels of the issue or pull request is as one of these wants it.
    case label([TextTest])

    /// The milestone of the issue or pull request is as one of these wants it.
    case milestone([TextTest])

    /// One of these opened the issue or pull request, or made the release.
    case author([UserTest])

    /// One of these did it.
    case sender([UserTest])

    /// The repository is one of these.
    case repository([RepositoryTest])

    /// Something is so, or is not.
    case fact(EventFact, Bool)

    /// The push changed a path that fits one of these, or may have.
    case paths([Glob])

    /// The push changed a path that fits none of these, or may have.
    case pathsOutside([Glob])

    /// One of these happened to the branch or tag.
    case ref([RefChangeTest])

    /// The delivery came in at such a time.
    case time(TimeWindow)

    /// A new comment, review, issue or pull request gives one of these commands.
    case command(CommandTest)

    /// A text of the event is as one of these wants it.
    case value(EventText, [TextTest])

    /// The branch with a pull request's changes is one of these.
    case headBranch([Glob])

    /// The repository with a pull request's changes is one of these.
    case headRepository([RepositoryTest])

    /// One of those whom the issue or pull request is assigned to is one of these.
    case assignee([UserTest])
}

/// What a branch is compared with.
package enum BranchTest: Sendable, Equatable {
    /// The repository's default branch, whatever its name.
    case defaultBranch

    /// The names that fit, without `refs/heads/`.
    case name(Glob)
}

/// What a text of people is compared with.
package enum TextTest: Sendable, Equatable {
    /// The whole text.
    case equals(String, ignoresCase: Bool = false)

    /// Its beginning, behind white space.
    case prefix(String, ignoresCase: Bool = false)

    /// A part of its first `Limits.matchedLengthMax` characters.
    case matches(Expression)

    /// Compares what was written, byte for byte.
    package static func == (left: TextTest, right: TextTest) -> Bool {
        switch (left, right) {
        case (.equals(let one, let isLax), .equals(let other, let isOtherLax)),
            (.prefix(let one, let isLax), .prefix(let other, let isOtherLax)):
            isLax == isOtherLax && one.utf8.elementsEqual(other.utf8)
        case (.matches(let one), .matches(let other)): one == other
        case (.equals, _), (.prefix, _), (.matches, _): false
        }
    }

    /// Whether a text is so.
    package func accepts(_ text: String) -> Bool {
        switch self {
        // By bytes: what looks the same but is written otherwise is another text.
        case .equals(let whole, let ignoresCase):
            return text.utf8.elementsEqual(whole.utf8, ignoringCase: ignoresCase)
        case .prefix(let start, let ignoresCase):
            return text.withoutLeadingSpace.utf8.starts(
                with: start.utf8,
                ignoringCase: ignoresCase
            )
        case .matches(let expression):
            // Of most texts the whole, without counting their characters.
            if text.utf8.count <= Limits.matchedLengthMax { return expression.matches(text) }
            return expression.matches(
                String(text.unicodeScalars.prefix(Limits.matchedLengthMax))
            )
        }
    }
}

/// What a user is compared with.
package enum UserTest: Sendable, Equatable {
    /// The id, which survives renames.
    case id(Int64)

    /// The names that fit, whatever the case.
    case login(Glob)
}

/// What a repository is compared with.
package enum RepositoryTest: Sendable, Equatable {
    /// The id, which survives renames.
    case id(Int64)

    /// The `owner/name`s that fit, whatever the case.
    case name(Glob)
}

/// What is so or not so.
package enum EventFact: String, CaseIterable, Sendable {
    /// It is about a pull request.
    case isPull = "is_pull"
    /// The pull request is merged.
    case merged
    /// The pull request is not ready.
    case draft
    /// The pull request's changes come from another repository.
    case fromFork = "from_fork"
    /// It is Gitea's test delivery.
    case test
    /// The repository can be read only.
    case archived
    /// Only some may see the repository.
    case `private`
    /// The repository is a fork.
    case fork
    /// The repository is a mirror.
    case mirror
}

/// What may happen to a branch or tag.
package enum RefChangeTest: String, CaseIterable, Sendable {
    case created, updated, deleted
}

extension Condition {
    /// Whether nothing is asked for.
    package var isEmpty: Bool { self == .all([]) }
}

// MARK: - Text

extension Condition {
    /// The condition on one line, as `check` shows it: `action: opened; branch: not default`.
    package var text: String {
        switch self {
        case .all(let parts): parts.map(\.text).joined(separator: "; ")
        case .any(let parts): "any (\(parts.map(\.text).joined(separator: " | ")))"
        case .not(let part): "not (\(part.text))"
        case .action, .branch, .tag, .title, .label, .milestone, .author, .sender, .repository,
            .fact, .paths, .pathsOutside, .ref, .time, .command, .value, .headBranch,
            .headRepository, .assignee:
            "\(subject): \(expectation)"
        }
    }

    /// The key under which it stands in the configuration.
    package var subject: String {
        switch self {
        case .all: "all"
        case .any: "any"
        case .not: "not"
        case .action: "action"
        case .branch: "branch"
        case .tag: "tag"
        case .title: "title"
        case .label: "label"
        case .milestone: "milestone"
        case .author: "author"
        case .sender: "sender"
        case .repository: "repository"
        case .fact(let fact, _): fact.rawValue
        case .paths, .pathsOutside: "paths"
        case .ref: "ref"
        case .time: "time"
        case .command: "command"
        case .value(let text, _): text.rawValue
        case .headBranch: "head_branch"
        case .headRepository: "head_repository"
        case .assignee: "assignee"
        }
    }

    /// What the value should be: `opened or reopened`.
    package var expectation: String {
        switch self {
        case .all, .any, .not: text
        case .action(let words): Self.either(words)
        case .branch(let tests): Self.either(tests.map(\.text))
        case .tag(let globs), .paths(let globs), .headBranch(let globs):
            Self.either(globs.map(\.source))
        case .pathsOutside(let globs): "outside of \(Self.either(globs.map(\.source)))"
        case .title(let tests), .label(let tests), .milestone(let tests), .value(_, let tests):
            Self.either(tests.map(\.text))
        case .author(let tests), .sender(let tests), .assignee(let tests):
            Self.either(tests.map(\.text))
        case .repository(let tests), .headRepository(let tests):
            Self.either(tests.map(\.text))
        case .fact(_, let value): "\(value)"
        case .ref(let changes): Self.either(changes.map(\.rawValue))
        case .time(let window): window.text
        case .command(let command):
            command.text + (command.countsEdited ? ", edited too" : "")
        }
    }

    private static func either(_ words: [String]) -> String {
        words.joined(separator: " or ")
    }
}

extension BranchTest {
    fileprivate var text: String {
        switch self {
        case .defaultBranch: "the default branch"
        case .name(let glob): glob.source
        }
    }
}

extension TextTest {
    fileprivate var text: String {
        switch self {
        case .equals(let whole, let ignoresCase):
            quoted(whole) + (ignoresCase ? " in any case" : "")
        case .prefix(let start, let ignoresCase):
            "starting with \(quoted(start))" + (ignoresCase ? " in any case" : "")
        case .matches(let expression): "matching \(quoted(expression.source))"
        }
    }
}

extension UserTest {
    fileprivate var text: String {
        switch self {
        case .id(let id): "id \(id)"
        // Digits look like an id.
        case .login(let glob) where glob.source.utf8.allSatisfy(\.isDigit):
            "the name \(quoted(glob.source))"
        case .login(let glob): glob.source
        }
    }
}

extension RepositoryTest {
    fileprivate var text: String {
        switch self {
        case .id(let id): "id \(id)"
        case .name(let glob): glob.source
        }
    }
}

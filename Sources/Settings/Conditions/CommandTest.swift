/// Commands that a text may give.
package struct CommandTest: Sendable, Equatable {
    /// What a line has to be, or to begin with where an argument may follow.
    package var names: [String]

    /// What may follow, of which one has to fit; nil when nothing may.
    package var arguments: [Glob]?

    /// Whether a comment that its own author edited counts as well.
    package var countsEdited: Bool

    /// Whether `A` is `a` in names; arguments know it themselves.
    package var ignoresCase: Bool

    /// One of these names, in new texts unless edited comments are wanted too.
    package init(
        _ names: [String],
        arguments: [Glob]? = nil,
        countsEdited: Bool = false,
        ignoresCase: Bool = false
    ) {
        self.names = names
        self.arguments = arguments
        self.countsEdited = countsEdited
        self.ignoresCase = ignoresCase
    }
}

/// A command as somebody gave it.
package struct GivenCommand: Sendable, Equatable {
    /// As it stands in the configuration.
    package var name: String

    /// What followed, without the space around it; nil when nothing did.
    package var argument: String?

    /// A command of this name.
    package init(name: String, argument: String? = nil) {
        self.name = name
        self.argument = argument
    }
}

extension CommandTest {
    /// What a line gives of it.
    ///
    /// - Parameter line: one that may be a command, without the space around it.
    /// - Returns: the command; nil when the line is none of these.
    package func given(by line: String) -> GivenCommand? {
        for name in names {
            guard line.utf8.starts(with: name.utf8, ignoringCase: ignoresCase) else { continue }
            let rest = Substring(line.utf8.dropFirst(name.utf8.count)).unicodeScalars
            guard let next = rest.first else {
                if arguments?.contains(where: { $0.matches("") }) == false { continue }
                return GivenCommand(name: name)
            }
            let argument = String(PlainLine.trimmed(rest))
            guard [" ", "\t", "\u{A0}"].contains(next),
                arguments?.contains(where: { $0.matches(argument) }) == true
            else { continue }
            return GivenCommand(name: name, argument: argument)
        }
        return nil
    }

    /// What a line should be: `/deploy followed by staging or prod-*`.
    package var text: String {
        var text = names.joined(separator: " or ")
        if let arguments {
            text += " followed by " + arguments.map(\.source).joined(separator: " or ")
        }
        return ignoresCase ? text + " in any case" : text
    }
}

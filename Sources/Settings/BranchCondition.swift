import Yams

/// Which branches a route is about.
package indirect enum BranchCondition: Sendable, Equatable {
    /// The repository's default branch, whatever its name.
    case defaultBranch

    /// The branch of this name, without `refs/heads/`.
    case named(String)

    /// At least one of these conditions; there is one.
    case any([BranchCondition])

    /// All others.
    case not(BranchCondition)
}

extension BranchCondition {
    private static let negation = Keys(["not"])

    private static let expected = "default, the name of a branch, a list of these, or {not: ...}"

    /// Reads `when.branch`: `default`, a name, a list, or a mapping with `not`.
    init?(_ setting: Setting) {
        switch setting.node {
        case .mapping:
            guard let inner = setting.section(Self.negation)?.required("not"),
                let condition = BranchCondition(inner)
            else { return nil }
            self = .not(condition)
        case .sequence:
            guard let values = setting.oneOrMore(Self.expected) else { return nil }
            self = .any(values.compactMap(BranchCondition.init))
        case .scalar, .alias:
            guard let name = setting.value(Self.expected, Self.checkedName) else { return nil }
            self = name == "default" ? .defaultBranch : .named(name)
        }
    }

    private static func checkedName(_ text: String) throws(UnfitText) -> String {
        guard !text.contains(where: { "*?[".contains($0) }) else {
            throw UnfitText("is \(quoted(text)): patterns are not supported in this version")
        }
        guard !text.hasPrefix("refs/") else {
            throw UnfitText("must be a branch's name without refs/heads/, not \(quoted(text))")
        }
        return text
    }
}

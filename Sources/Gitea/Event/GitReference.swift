/// A git reference in an event.
package enum GitReference: Sendable, Equatable {
    /// A branch, by its short name: `main`.
    case branch(String)

    /// A tag, by its short name: `v1.0`.
    case tag(String)

    /// Anything else, in full: `refs/pull/3/head`.
    case other(String)

    /// Reads the full form, as pushes have it.
    package init(full: String) {
        if let name = Self.name(in: full, after: Self.branchPrefix) {
            self = .branch(name)
        } else if let name = Self.name(in: full, after: Self.tagPrefix) {
            self = .tag(name)
        } else {
            self = .other(full)
        }
    }

    /// Reads the `ref` and `ref_type` of a create or delete.
    ///
    /// Gitea sends the short name, Forgejo's own hooks the full one.
    ///
    /// - Source: Forgejo: services/webhook/default.go (substituteRefShortName)
    package init(_ name: String, type: String?) {
        switch type {
        case "branch": self = .branch(Self.name(in: name, after: Self.branchPrefix) ?? name)
        case "tag": self = .tag(Self.name(in: name, after: Self.tagPrefix) ?? name)
        default: self.init(full: name)
        }
    }

    /// The same for a payload that may lack them.
    package init?(_ name: String?, type: String?) {
        guard let name else { return nil }
        self.init(name, type: type)
    }

    /// The full form: `refs/heads/main`.
    package var full: String {
        switch self {
        case .branch(let name): Self.branchPrefix + name
        case .tag(let name): Self.tagPrefix + name
        case .other(let full): full
        }
    }

    /// The branch's short name; nil for everything else.
    package var branch: String? {
        switch self {
        case .branch(let name): name
        case .tag, .other: nil
        }
    }

    /// The tag's short name; nil for everything else.
    package var tag: String? {
        switch self {
        case .tag(let name): name
        case .branch, .other: nil
        }
    }

    private static let branchPrefix = "refs/heads/"
    private static let tagPrefix = "refs/tags/"

    private static func name(in full: String, after prefix: String) -> String? {
        // By bytes: `hasPrefix` takes a combining accent at the start of a name into the "/".
        let text = full.utf8
        guard text.count > prefix.utf8.count, text.starts(with: prefix.utf8) else { return nil }
        return String(full[text.index(text.startIndex, offsetBy: prefix.utf8.count)...])
    }
}

import Yams

/// How far the sender of an event is trusted, from nobody in particular up to the owner.
package enum TrustLevel: String, CaseIterable, Sendable {
    /// Nobody knows who it is, or Gitea lets them see nothing: unverified deliveries too.
    case readonly

    /// May read the repository; of a public one that is every account.
    case reader

    /// May write to the repository, or more: what Gitea says when it is asked.
    case contributor

    /// Named in `trust.owners`; Gitea is not asked.
    case owner
}

extension TrustLevel: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .readonly: 0
        case .reader: 1
        case .contributor: 2
        case .owner: 3
        }
    }
}

extension [TrustLevel] {
    /// As messages and `job.trust_needed` have it: `owner,contributor`.
    package var text: String { map(\.rawValue).joined(separator: ",") }

    /// Reads what ``text`` writes; nil when a word of it is no level.
    package init?(trustText text: String) {
        var levels: [TrustLevel] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let level = TrustLevel(rawValue: String(word)) else { return nil }
            levels.append(level)
        }
        self = levels
    }

    /// Whether Gitea may have to be asked who is one of these.
    package var needsGitea: Bool { contains { $0 != .owner } }
}

extension TrustLevel {
    private static let words: KeyValuePairs<String, TrustLevel> = [
        "owner": .owner, "contributor": .contributor, "reader": .reader, "readonly": .readonly,
    ]

    /// Reads `when.trust`: one level or a list, each once, highest first.
    static func list(_ setting: Setting) -> [TrustLevel]? {
        guard let values = setting.oneOrMore("a trust level or a list of them") else { return nil }
        let levels = values.compactMap { $0.choice(words) }
        // What was reported must not become a condition that admits nobody, or everybody.
        guard levels.count == values.count else { return nil }
        let unique = Set(levels).sorted(by: >)
        setting.reading.trustUses.append(
            TrustUse(name: setting.name, place: setting.node.place, levels: unique)
        )
        return unique
    }
}

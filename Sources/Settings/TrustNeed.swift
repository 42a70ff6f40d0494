import Yams

/// Whom a route's `trust` is about, and the levels that it takes.
package struct TrustNeed: Sendable, Equatable {
    /// The levels, highest first; each person must have one of them.
    package var levels: [TrustLevel]

    /// Whether those whose code it is must have one too, not the sender alone.
    package var isOfCode: Bool

    /// The sender's trust, unless the code's is wanted too.
    package init(_ levels: [TrustLevel], isOfCode: Bool = false) {
        self.levels = levels
        self.isOfCode = isOfCode
    }
}

extension TrustNeed {
    private static let codeMark = " of sender and code"

    /// As messages and `job.trust_needed` have it: `owner,contributor`.
    package var text: String { levels.text + (isOfCode ? Self.codeMark : "") }

    /// Reads what ``text`` writes; nil when a word of it is no level.
    package init?(text: String) {
        let isOfCode = text.hasSuffix(Self.codeMark)
        let words = isOfCode ? String(text.dropLast(Self.codeMark.count)) : text
        guard let levels = [TrustLevel](trustText: words) else { return nil }
        self.init(levels, isOfCode: isOfCode)
    }

    private static let keys = Keys(["levels", "of"])
    private static let subjects: KeyValuePairs<String, Bool> = ["sender": false, "code": true]

    /// Reads `when.trust`: levels, or a mapping that says whose.
    static func read(_ setting: Setting) -> TrustNeed? {
        guard case .mapping = setting.node else {
            return TrustLevel.list(setting).map { TrustNeed($0) }
        }
        guard let section = setting.section(keys) else { return nil }
        let isOfCode = section["of"]?.choice(subjects) ?? false
        return section.required("levels").flatMap(TrustLevel.list).map {
            TrustNeed($0, isOfCode: isOfCode)
        }
    }
}

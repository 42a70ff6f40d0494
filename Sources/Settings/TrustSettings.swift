import Yams

/// Who is trusted without asking Gitea, and how long its answers count.
package struct TrustSettings: Sendable, Equatable {
    /// The ids of those who may do everything.
    package var owners: Set<Int64>

    /// The ids of accounts that programs use; none of them is an owner.
    package var bots: Set<Int64>

    /// How long an answer of Gitea's counts; zero asks every time.
    package var cache: Duration

    /// Settings with the defaults for what is left out.
    package init(
        owners: Set<Int64> = [],
        bots: Set<Int64> = [],
        cache: Duration = .seconds(300)
    ) {
        self.owners = owners
        self.bots = bots
        self.cache = cache
    }
}

extension TrustSettings {
    private static let keys = Keys(["owners", "bots", "cache"])

    /// Reads the section `trust`, which may be absent.
    init(_ setting: Setting?) {
        self.init()
        guard let setting, let section = setting.section(Self.keys) else { return }
        if let value = section["owners"] { owners = Self.ids(value, besides: [:]) }
        let taken = Dictionary(uniqueKeysWithValues: owners.map { ($0, "trust.owners") })
        if let value = section["bots"] { bots = Self.ids(value, besides: taken) }
        if let value = section["cache"]?.duration(Limits.trustCache) { cache = value }
    }

    private static func ids(_ setting: Setting, besides taken: [Int64: String]) -> Set<Int64> {
        guard let values = setting.list("a list of numeric user ids") else { return [] }
        var ids: Set<Int64> = []
        for value in values {
            guard let id = id(value) else { continue }
            if let other = taken[id] {
                value.fail("\(value.name): \(id) is in \(other) as well; a bot is no owner")
            } else if !ids.insert(id).inserted {
                value.fail("\(value.name): \(id) is in the list twice")
            }
        }
        return ids
    }

    /// A name can be given up, and taken by somebody else: only the number stays.
    private static func id(_ setting: Setting) -> Int64? {
        guard let text = setting.text("a numeric user id") else { return nil }
        guard text.utf8.allSatisfy(\.isDigit), let id = Int64(text), id > 0 else {
            setting.fail(
                "\(setting.name) must be a numeric user id, not \(quoted(text)): "
                    + "names change hands; see \"id\" in GET /api/v1/users/NAME"
            )
            return nil
        }
        return id
    }
}

/// A route's `trust`, and where it stands.
struct TrustUse {
    var name: String
    var place: Place?
    var levels: [TrustLevel]
}

extension TrustSettings {
    /// Reports routes whose `trust` nobody can decide, or nobody has.
    func check(_ reading: Reading, hasGitea: Bool) {
        for use in reading.trustUses {
            if use.levels.needsGitea, !hasGitea {
                let others = use.levels.filter { $0 != .owner }.map(\.rawValue)
                reading.fail(
                    "\(use.name): Gitea is asked who is \(others.joined(separator: " or ")); "
                        + "add the section gitea with url and token_file",
                    at: use.place
                )
            }
            if use.levels == [.owner], owners.isEmpty {
                reading.warn("\(use.name) never holds: trust.owners names nobody", at: use.place)
            }
        }
    }
}

import Settings
import Synchronization

/// Gitea's recent answers, for a short time and not too many.
///
/// Only what it said is kept, never that it could not be asked.
final class TrustCache: Sendable {
    struct Key: Hashable, Sendable {
        var user: Int64
        var repository: Int64
    }

    private struct Entry {
        var level: TrustLevel
        var permission: String
        var askedAt: ContinuousClock.Instant
    }

    /// Answers at most: of about a hundred bytes each, and more senders than write at once.
    static let entriesMost = 4096

    private let entries = Mutex<[Key: Entry]>([:])
    private let entriesMost: Int

    init(entriesMost: Int = entriesMost) {
        self.entriesMost = entriesMost
    }

    /// An answer that is not older than `age`.
    func answer(
        _ key: Key,
        notOlderThan age: Duration,
        now: ContinuousClock.Instant = .now
    ) -> (level: TrustLevel, permission: String, age: Duration)? {
        entries.withLock { entries in
            guard let entry = entries[key] else { return nil }
            let since = entry.askedAt.duration(to: now)
            guard since < age else {
                entries[key] = nil
                return nil
            }
            return (entry.level, entry.permission, since)
        }
    }

    /// Keeps an answer; when there are too many the oldest half goes.
    func keep(
        _ key: Key,
        _ level: TrustLevel,
        permission: String,
        now: ContinuousClock.Instant = .now
    ) {
        entries.withLock { entries in
            if entries.count >= entriesMost, entries[key] == nil {
                let newest = entries.sorted { $0.value.askedAt > $1.value.askedAt }
                    .prefix(entriesMost / 2)
                entries = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
            }
            entries[key] = Entry(level: level, permission: permission, askedAt: now)
        }
    }

    var count: Int { entries.withLock(\.count) }
}

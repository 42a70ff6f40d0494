/// The version of SQLite's library, such as 3.40.1.
package struct LibraryVersion: Comparable, Sendable {
    private var parts: [Int]

    /// Reads `3.40.1`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count >= 3 else { return nil }
        self.parts = parts.prefix(3).compactMap(\.self)
        guard self.parts.count == 3 else { return nil }
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }

    /// Whether a checkpoint beside a commit can corrupt the store: 3.7.0 to 3.51.2, but for the
    /// releases that got the repair too.
    ///
    /// - Source: sqlite.org/wal.html#walresetbug
    package var hasResetBug: Bool {
        let repaired = [[3, 44, 6], [3, 50, 7]].contains { release in
            parts[0] == release[0] && parts[1] == release[1] && parts[2] >= release[2]
        }
        return !repaired && parts.lexicographicallyPrecedes([3, 51, 3])
            && !parts.lexicographicallyPrecedes([3, 7, 0])
    }

    /// What it means for a store.
    package static func diagnosis(of text: String) -> Diagnosis {
        let check = "sqlite_library"
        guard let version = LibraryVersion(text) else {
            return Diagnosis(.log, check, .note, "SQLite \(text), which is no known version")
        }
        guard version.hasResetBug else { return Diagnosis(.log, check, .ok, "SQLite \(text)") }
        return Diagnosis(
            .log,
            check,
            .note,
            "SQLite \(text) has the WAL-reset bug, which Samovar's own checkpoints avoid",
            hint: "A stranger's automatic checkpoint does not: use `samovar sql`, or say PRAGMA "
                + "wal_autocheckpoint=0 first. Repaired in 3.51.3, 3.50.7 and 3.44.6."
        )
    }
}

import Yams

/// Finds names that were given twice in a list of mappings.
struct UniqueNames {
    private let kind: String
    private var firstLines: [String: Int] = [:]

    /// Watches names of one kind, such as "route name".
    init(_ kind: String) {
        self.kind = kind
    }

    /// Reports the entry's name if an earlier entry has it too.
    ///
    /// Looks at the node, because an entry with another mistake has no settings but still a name.
    mutating func check(_ entry: Setting, key: String) {
        guard case .mapping(let mapping) = entry.node,
            let value = mapping.first(where: { $0.key.scalar?.string == key })?.value,
            let name = value.scalar?.string
        else { return }
        if let line = firstLines[name] {
            entry.reading.fail(
                "duplicate \(kind) \(quoted(name)); the first is on line \(line)",
                at: value.place
            )
        } else {
            firstLines[name] = value.place?.line ?? 1
        }
    }
}

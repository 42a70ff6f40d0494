import Yams

/// A YAML text whose duplicate keys are given names of their own, so that Yams reads on.
///
/// A name differs from the original in one character, so everything stays where it was.
struct DuplicateKeys {
    /// The text, with the keys renamed so far.
    private(set) var text: String

    /// The keys as they were written.
    private var originals: [Place: String] = [:]

    init(_ text: String) {
        self.text = text
    }

    /// Renames the key at `place`; false when that cannot be done.
    mutating func rename(_ name: String, at place: Place) -> Bool {
        guard originals[place] == nil, originals.count < Limits.duplicateKeysCountMax,
            var index = text.index(of: place)
        else { return false }
        let scalars = text.unicodeScalars
        if scalars[index] == "\"" || scalars[index] == "'" {
            scalars.formIndex(after: &index)
        }
        // What is not the key's own first character (an alias, a tag, an escape) is left alone.
        guard let first = name.unicodeScalars.first, index < scalars.endIndex,
            scalars[index] == first,
            // Private use: nobody has a key that starts like this.
            let other = Unicode.Scalar(0xE000 + UInt32(originals.count))
        else { return false }
        originals[place] = name
        text.unicodeScalars.replaceSubrange(index...index, with: [other])
        return true
    }

    /// The tree with the names as they were written.
    func restore(_ node: Node) -> Node {
        guard !originals.isEmpty else { return node }
        switch node {
        case .scalar, .alias: return node
        case .sequence(let sequence):
            return .sequence(
                Node.Sequence(
                    sequence.map(restore),
                    sequence.tag,
                    sequence.style,
                    sequence.mark
                )
            )
        case .mapping(let mapping):
            return .mapping(
                Node.Mapping(
                    mapping.map { (original($0.key), restore($0.value)) },
                    mapping.tag,
                    mapping.style,
                    mapping.mark
                )
            )
        }
    }

    private func original(_ key: Node) -> Node {
        guard let place = key.place, let name = originals[place] else { return key }
        return .scalar(Node.Scalar(name, .implicit, .any, key.mark))
    }
}

extension String {
    /// Where a place is, with lines ending as libYAML sees them.
    func index(of place: Place) -> Index? {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar?
        for index in unicodeScalars.indices {
            let scalar = unicodeScalars[index]
            if previous == "\r", scalar == "\n" {
                previous = scalar
                continue
            }
            if line == place.line, column == place.column { return index }
            switch scalar {
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
                column = 1
            default:
                column += 1
            }
            previous = scalar
        }
        return nil
    }
}

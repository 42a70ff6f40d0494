import Yams

/// A mapping whose keys are known.
struct Section {
    private let setting: Setting
    private let values: [String: Setting]

    fileprivate init(_ setting: Setting, _ values: [String: Setting]) {
        self.setting = setting
        self.values = values
    }

    var path: String { setting.path }

    /// Whether nothing stands in it, not even keys that it may not have.
    var isEmpty: Bool { setting.node.mapping?.isEmpty ?? true }

    /// The line it starts on.
    var line: Int { setting.node.place?.line ?? 1 }

    /// The value of a key, if it is there.
    subscript(key: String) -> Setting? { values[key] }

    /// The value of a key that has to be there.
    func required(_ key: String) -> Setting? {
        if let value = values[key] { return value }
        fail("\(setting.path + setting.suffix(key)) is missing")
        return nil
    }

    /// Reports a mistake that concerns the section as a whole.
    func fail(_ message: String) {
        setting.fail(message)
    }
}

/// The keys that a section may have.
struct Keys {
    let known: [String]

    /// Keys that the design has and this version does not.
    let planned: [String]

    init(_ known: [String], planned: [String] = []) {
        self.known = known
        self.planned = planned
    }

    /// What a message about an unknown key ends with: the key that was meant, or all there are.
    fileprivate func advice(_ key: String) -> String {
        let meant = suggestion(key, known)
        return meant.isEmpty ? "; it may have \(known.joined(separator: ", "))" : meant
    }
}

extension Setting {
    /// A mapping with known keys; all others are reported.
    func section(_ keys: Keys) -> Section? {
        guard let pairs = pairs() else { return nil }
        var values: [String: Setting] = [:]
        for pair in pairs {
            if keys.known.contains(pair.key) {
                values[pair.key] = pair.value
            } else if keys.planned.contains(pair.key) {
                // Kept, so that what it would replace is not reported as missing.
                values[pair.key] = pair.value
                reading.fail(
                    "'\(pair.key)' is not supported in this version",
                    at: pair.keyNode.place
                )
            } else {
                let place = path.isEmpty ? "at the top level" : "in \(path)"
                reading.fail(
                    "unknown key \(quoted(pair.key)) \(place)" + keys.advice(pair.key),
                    at: pair.keyNode.place
                )
            }
        }
        return Section(self, values)
    }

    /// A key, its node, and its value.
    typealias Pair = (key: String, keyNode: Node, value: Setting)

    /// The keys and values of a mapping, in the order of the file, each key once.
    func pairs() -> [Pair]? {
        guard case .mapping(let mapping) = node else {
            mustBe("a mapping")
            return nil
        }
        var pairs: [Pair] = []
        var firstLines: [String: Int] = [:]
        for (keyNode, valueNode) in mapping {
            guard let key = key(keyNode) else { continue }
            if let line = firstLines[key] {
                let place = path.isEmpty ? "" : " in \(path)"
                reading.fail(
                    "duplicate key \(quoted(key))\(place); the first is on line \(line)",
                    at: keyNode.place
                )
            } else {
                firstLines[key] = keyNode.place?.line ?? 1
                pairs.append((key, keyNode, child(valueNode, suffix(key))))
            }
        }
        return pairs
    }

    /// What a key adds to the path.
    func suffix(_ key: String) -> String {
        path.isEmpty ? key : ".\(key)"
    }

    private func key(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node else {
            reading.fail("a key of \(name) is not a text", at: node.place)
            return nil
        }
        if scalar.string == "<<", scalar.style != .singleQuoted, scalar.style != .doubleQuoted {
            reading.fail("merge keys ('<<') are not supported; repeat the keys", at: node.place)
            return nil
        }
        return scalar.string
    }
}

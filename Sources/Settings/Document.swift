import Yams

/// From YAML text to nodes.
enum Document {
    /// Parses a text that holds one document.
    ///
    /// In the tree a mapping may hold a key twice: Yams gives up at the first duplicate it meets,
    /// which would hide every other mistake, so they are passed on for `Setting.pairs` to report.
    ///
    /// - Throws: the first error of syntax, or what makes the tree too large to walk.
    static func compose(_ text: String, file: String) throws(ConfigurationError) -> Node {
        var source = DuplicateKeys(padded(text))
        while true {
            do {
                // `.basic`: without rules a plain scalar is text, whatever YAML 1.1 takes it for (a
                // key `on` is no boolean); this library decides about types where it reads them.
                let node = try Yams.compose(yaml: source.text, .basic, .default, .utf8)
                guard let node, node.scalar?.string != "" else {
                    throw ConfigurationError(file, nil, "is empty")
                }
                try checkExtent(of: node, file: file)
                return source.restore(node)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let name = names.first ?? ""
                let place = Place(context.mark)
                guard source.rename(name, at: place) else {
                    throw ConfigurationError(file, place, "duplicate key \(quoted(name))")
                }
            } catch let error as ConfigurationError {
                throw error
            } catch {
                throw SyntaxProblem(
                    error,
                    text: source.text,
                    end: Place(offset: text.count, in: text)
                ).error(file: file)
            }
        }
    }

    /// At least 16 bytes long.
    ///
    /// Yams 6.2 keeps the address of the string's bytes for later, but Swift stores a string of up
    /// to 15 bytes inside the value, where the address does not stay the same.
    private static func padded(_ text: String) -> String {
        text.utf8.count < 16 ? text + String(repeating: "\n", count: 16) : text
    }

    /// Refuses trees that cannot be walked in reasonable time or on an ordinary stack.
    private static func checkExtent(of root: Node, file: String) throws(ConfigurationError) {
        var stack = [(node: root, depth: 1)]
        var count = 0
        while let (node, depth) = stack.popLast() {
            count += 1
            guard count <= Limits.valuesCountMax else {
                let message = "holds more than \(Limits.valuesCountMax) values: check its aliases"
                throw ConfigurationError(file, nil, message)
            }
            guard depth <= Limits.nestingDepthMax else {
                let message = "values are nested more than \(Limits.nestingDepthMax) levels deep"
                throw ConfigurationError(file, node.place, message)
            }
            if let tag = node.unknownTag {
                let message = "the tag \(quoted(tag)) is not supported: leave it out"
                throw ConfigurationError(file, node.place, message)
            }
            switch node {
            case .scalar, .alias: break
            case .sequence(let sequence): stack += sequence.map { ($0, depth + 1) }
            case .mapping(let mapping):
                stack += mapping.flatMap { [($0.key, depth + 1), ($0.value, depth + 1)] }
            }
        }
    }
}

extension Node {
    /// The tag as it is written, when its meaning would be passed over: all but `!!str` before a
    /// single value, which is a text then, and those that say what a list or a mapping is anyway
    /// (Yams gives keys theirs).
    fileprivate var unknownTag: String? {
        let core = "tag:yaml.org,2002:"
        let tag: String
        switch self {
        case .alias: return nil
        case .scalar(let scalar):
            tag = scalar.tag.rawValue
            if tag == "!" || tag == core + "str" { return nil }
        case .sequence(let sequence):
            tag = sequence.tag.rawValue
            if tag == core + "seq" { return nil }
        case .mapping(let mapping):
            tag = mapping.tag.rawValue
            if tag == core + "map" { return nil }
        }
        guard !tag.isEmpty else { return nil }
        return tag.hasPrefix(core) ? "!!" + tag.dropFirst(core.count) : tag
    }
}

extension ConfigurationError {
    /// A single mistake.
    init(_ file: String, _ place: Place?, _ message: String) {
        self.init(
            [Diagnostic(file: file, line: place?.line, column: place?.column, message: message)]
        )
    }
}

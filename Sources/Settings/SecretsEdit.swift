import Yams

/// Changes which secrets a source has in a configuration's text, and nothing else in it: comments,
/// order and spaces stay as people wrote them.
///
/// Whether the result says what was meant is for the caller to see by loading it.
package struct SecretsEdit {
    private let text: [Unicode.Scalar]
    private let list: Node.Sequence

    /// Finds the list of secrets.
    ///
    /// - Parameters:
    ///   - text: the whole file.
    ///   - file: its name, for messages.
    ///   - source: a name in `ingress.sources`; without such a list, the one source's is meant.
    /// - Throws: when there is no list of secrets for this source.
    package init(
        of text: String,
        file: String,
        source: String
    ) throws(ConfigurationError) {
        // A byte order mark is not part of what the parser counts.
        self.text = Array(text.unicodeScalars.drop { $0 == "\u{FEFF}" })
        let root = try Document.compose(Self.string(self.text), file: file)
        var holder = Self.value("ingress", in: root)
        if case .sequence(let sources)? = holder.flatMap({ Self.value("sources", in: $0) }) {
            holder = sources.first { Self.value("name", in: $0)?.scalar?.string == source }
        }
        guard case .sequence(let list)? = holder.flatMap({ Self.value("secrets", in: $0) }),
            !list.isEmpty
        else {
            throw ConfigurationError(file, nil, "source \(quoted(source)) has no list of secrets")
        }
        self.list = list
    }

    /// The text with a secret before all others of the source.
    ///
    /// - Parameters:
    ///   - id: a valid name.
    ///   - secretFile: a path.
    /// - Returns: nil when the list is written in a way that cannot be edited here.
    package func adding(id: String, secretFile: String) -> String? {
        guard let start = offset(of: list[0].place) else { return nil }
        let entry = "{ id: \(Self.word(id)), file: \(Self.word(secretFile)) }"
        switch form {
        case .flow:
            return replacing(start..<start, with: entry + ", ")
        case .block:
            guard let line = dashLine(of: start) else { return nil }
            let lead = Self.string(text[line..<start])
            return replacing(line..<line, with: lead + entry + lineBreak(from: start))
        case nil:
            return nil
        }
    }

    /// The text without a secret of the source.
    ///
    /// - Parameter index: its place in the list, which keeps at least one.
    /// - Returns: nil when the list is written in a way that cannot be edited here.
    package func removing(at index: Int) -> String? {
        guard list.count > 1, let start = offset(of: list[index].place) else { return nil }
        switch form {
        case .flow:
            return flowExtent(from: start, isLast: index == list.count - 1)
                .map { replacing($0, with: "") }
        case .block:
            return dashLine(of: start).map { replacing(blockExtent(from: $0, start), with: "") }
        case nil:
            return nil
        }
    }

    // MARK: Places

    private static func value(_ key: String, in node: Node) -> Node? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.first { $0.key.scalar?.string == key }?.value
    }

    /// How a list is written: `[a, b]`, or with a dash for each entry.
    private enum Form {
        case flow
        case block
    }

    /// As its first character tells; the parser's own word for it is wrong (Yams 6.2 takes it from
    /// the list's end, which has none).
    private var form: Form? {
        switch offset(of: list.mark.map(Place.init)).map({ text[$0] }) {
        case "[": .flow
        case "-": .block
        default: nil
        }
    }

    private func offset(of place: Place?) -> Int? {
        guard let place else { return nil }
        var offset = 0
        for _ in 1..<place.line {
            guard let end = text[offset...].firstIndex(of: "\n") else { return nil }
            offset = end + 1
        }
        offset += place.column - 1
        return offset < text.count ? offset : nil
    }

    /// The beginning of the line whose dash an entry stands behind; nil when more is before it.
    private func dashLine(of start: Int) -> Int? {
        let line = (text[..<start].lastIndex(of: "\n") ?? -1) + 1
        let lead = text[line..<start].filter { $0 != " " }
        return lead == ["-"] ? line : nil
    }

    private func lineBreak(from offset: Int) -> String {
        guard let end = text[offset...].firstIndex(of: "\n") else { return "\n" }
        return end > 0 && text[end - 1] == "\r" ? "\r\n" : "\n"
    }

    /// The lines of an entry: up to the next one that is no deeper than its dash.
    ///
    /// Empty lines and comments at the end belong to what follows.
    private func blockExtent(from line: Int, _ start: Int) -> Range<Int> {
        let depth = text[line...].firstIndex(of: "-").map { $0 - line } ?? 0
        var end = nextLine(start)
        var last = end
        while end < text.count {
            let next = nextLine(end)
            let content = text[end..<next].drop { $0 == " " }
            let isEmpty = content.allSatisfy { $0 == "\r" || $0 == "\n" }
            let isComment = content.first == "#"
            guard isEmpty || isComment || content.startIndex - end > depth else { break }
            end = next
            if !isEmpty, !isComment { last = end }
        }
        return line..<last
    }

    private func nextLine(_ offset: Int) -> Int {
        text[offset...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
    }

    /// A `{…}` with the comma that it no longer needs.
    private func flowExtent(from start: Int, isLast: Bool) -> Range<Int>? {
        guard text[start] == "{", var end = closingBrace(from: start).map({ $0 + 1 }) else {
            return nil
        }
        if isLast {
            let before = text[..<start].lastIndex { !$0.properties.isWhitespace }
            guard let before, text[before] == "," else { return nil }
            return before..<end
        }
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
        guard end < text.count, text[end] == "," else { return nil }
        end += 1
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
        return start..<end
    }

    private func closingBrace(from start: Int) -> Int? {
        var quote: Unicode.Scalar?
        var index = start
        while index < text.count {
            let scalar = text[index]
            if let open = quote {
                if scalar == "\\", open == "\"" {
                    index += 1
                } else if scalar == open {
                    quote = nil
                }
            } else if scalar == "\"" || scalar == "'" {
                quote = scalar
            } else if scalar == "}" {
                return index
            }
            index += 1
        }
        return nil
    }

    // MARK: Text

    private func replacing(_ range: Range<Int>, with new: String) -> String {
        Self.string(text[..<range.lowerBound]) + new + Self.string(text[range.upperBound...])
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Quoted, so that it is a text whatever it looks like.
    private static func word(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// What is wrong with a mustache template, and where.
///
/// The worker compiles templates, with a library that the other programs do not need. This looks
/// at their tags, so that every program that reads the configuration finds the mistakes in them;
/// and for tags that the library would leave out without a word.
struct TemplateProblem: Error, Equatable {
    let message: String
    let line: Int
    let column: Int

    /// Nil when nothing is wrong.
    init?(in text: String) {
        var tags = TemplateTags(text)
        do throws(TemplateProblem) {
            try tags.check()
            return nil
        } catch {
            self = error
        }
    }

    fileprivate init(_ message: String, before rest: Substring, in text: String) {
        self.message = message
        let before = text[..<rest.startIndex]
        line = before.count(where: \.isNewline) + 1
        let lineStart = before.lastIndex(where: \.isNewline).map(before.index(after:))
        column = before[(lineStart ?? before.startIndex)...].unicodeScalars.count + 1
    }
}

/// The tags of a template, one after the other.
private struct TemplateTags {
    private let text: String
    private var rest: Substring
    private var open = "{{"
    private var close = "}}"
    /// Sections that wait for their end, with where they begin.
    private var sections: [Section] = []

    private struct Section {
        var name: Substring
        var place: Substring
        /// The library goes back to them when the section ends.
        var delimiters: (open: String, close: String)
    }

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }

    mutating func check() throws(TemplateProblem) {
        while let tag = rest.firstRange(of: open) {
            let place = text[tag.lowerBound...]
            rest = rest[tag.upperBound...]
            try check(tagAt: place)
        }
        if let section = sections.last {
            throw problem("the section '\(section.name)' is not closed", section.place)
        }
    }

    private mutating func check(tagAt place: Substring) throws(TemplateProblem) {
        let sigil = rest.first
        if let sigil, "#^/&{!=%><$".contains(sigil) { rest.removeFirst() }
        switch sigil {
        case "#", "^":
            let delimiters = (open, close)
            sections.append(Section(name: try name(place), place: place, delimiters: delimiters))
        case "/":
            let name = try name(place)
            guard let section = sections.popLast() else {
                throw problem("'\(name)' is closed and was not opened", place)
            }
            guard section.name == name else {
                throw problem("'\(name)' is closed where '\(section.name)' is open", place)
            }
            (open, close) = section.delimiters
        case "!": _ = try inside(place)
        case "=": try setDelimiters(place)
        case "%":
            // The library's only one changes what tags escape; JSON would break, or be broken into.
            throw problem("pragmas are not supported: tags escape for the content_type", place)
        case ">", "<", "$":
            throw problem("partials and inheritance are not supported", place)
        case "{":
            _ = try name(place)
            guard rest.first == "}" else { throw problem("'{{{' without '}}}'", place) }
            rest.removeFirst()
        default: _ = try name(place)
        }
    }

    /// Moves over the rest of a tag and its end.
    private mutating func inside(_ place: Substring) throws(TemplateProblem) -> Substring {
        guard let end = rest.firstRange(of: close) else {
            throw problem("a tag without an end", place)
        }
        let inside = rest[..<end.lowerBound]
        rest = rest[end.upperBound...]
        return inside
    }

    /// A name, or a name in parentheses after what is to be done to its value: `json(payload)`.
    private mutating func name(_ place: Substring) throws(TemplateProblem) -> Substring {
        let name = try inside(place).trimmingSpace
        guard let call = TemplateCall(name) else {
            let shown = quoted(String(name))
            throw problem("\(shown) is no name: a tag holds names with dots, json(name)", place)
        }
        if let mistake = call.mistake { throw problem(mistake, place) }
        return name
    }

    private mutating func setDelimiters(_ place: Substring) throws(TemplateProblem) {
        let inside = try inside(place)
        let words = inside.dropLast().split { $0.isWhitespace }
        guard inside.last == "=", words.count == 2, !inside.dropLast().contains("=") else {
            throw problem("new delimiters are set with {{=<% %>=}}", place)
        }
        open = String(words[0])
        close = String(words[1])
    }

    private func problem(_ message: String, _ place: Substring) -> TemplateProblem {
        TemplateProblem(message, before: place, in: text)
    }
}

extension Substring {
    fileprivate var trimmingSpace: Substring {
        let start = drop(while: \.isWhitespace)
        let count = start.reversed().prefix(while: \.isWhitespace).count
        return start.dropLast(count)
    }
}

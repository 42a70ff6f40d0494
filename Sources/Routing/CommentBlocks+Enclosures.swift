/// HTML and formulas: what hides or shows all that is in it.
extension CommentBlocks {
    /// What hides or shows all that is in it, over empty lines too.
    struct EnclosureKind {
        var start: [UInt8]
        var end: [UInt8]
        /// Whether it may be in itself.
        var nests = true
        /// Whether it ends a paragraph when it begins a line.
        var interrupts = true

        init(tag: String, interrupts: Bool) {
            start = Array("<\(tag)".utf8)
            end = Array("</\(tag)>".utf8)
            self.interrupts = interrupts
        }

        init(_ start: String, _ end: String) {
            self.start = Array(start.utf8)
            self.end = Array(end.utf8)
            nests = false
        }
    }

    struct Enclosure {
        var kind: EnclosureKind
        var depth = 1
        /// Whether Markdown takes all in it for HTML.
        var isBlock = true
        /// Whether its end is not to be trusted, and all that follows is barred.
        var isEndless = false
    }

    static let comment = EnclosureKind("<!--", "-->")

    /// Code, quotations, and what is struck out.
    static let tags =
        ["pre", "blockquote", "script", "style", "textarea"]
        .map { EnclosureKind(tag: $0, interrupts: true) }
        + ["code", "samp", "kbd", "tt", "q", "del", "s", "strike"]
        .map { EnclosureKind(tag: $0, interrupts: false) }

    static let formulas = [EnclosureKind("$$", "$$"), EnclosureKind("\\[", "\\]")]

    /// Reads what begins and ends in a line, or goes on over its end.
    mutating func readEnclosures(_ content: Range<Int>, commentsOnly: Bool = false) {
        var position = content.lowerBound
        if enclosure == nil,
            let formula = Self.formulas.first(where: { starts(with: $0.start, content) })
        {
            enclosure = Enclosure(kind: formula)
            position += formula.start.count
        }
        while position < content.upperBound {
            let rest = position..<content.upperBound
            if let current = enclosure {
                if !current.isEndless, starts(with: current.kind.end, rest) {
                    enclosure?.depth -= 1
                    if current.depth == 1 { enclosure = nil }
                    position += current.kind.end.count
                } else if current.kind.nests, isTag(current.kind, rest) {
                    enclosure?.depth += 1
                    position += current.kind.start.count
                } else {
                    position += 1
                }
                continue
            }
            switch text[position] {
            case UInt8(ascii: "\\"):
                let next = position + 1 < content.upperBound ? text[position + 1] : 0
                // A backslash before a tag is a mere sign where HTML is read.
                position += next == UInt8(ascii: "`") || next == UInt8(ascii: "\\") ? 2 : 1
            case UInt8(ascii: "`"):
                position = afterBackticks(rest)
            case UInt8(ascii: "<"):
                if let kind = enclosureStart(rest)?.kind, !commentsOnly || !kind.nests {
                    let isBlock = position == content.lowerBound && kind.interrupts
                    enclosure = Enclosure(kind: kind, isBlock: isBlock)
                    position += kind.start.count
                } else {
                    position += 1
                }
            default:
                position += 1
            }
        }
    }

    /// Where to go on after backticks: behind the code that they begin, if that is certain.
    mutating func afterBackticks(_ rest: Range<Int>) -> Int {
        let length = run(of: UInt8(ascii: "`"), from: rest.lowerBound, to: rest.upperBound)
        let behind = rest.lowerBound + length
        guard !open.hasBackticks, !open.hasTags else { return behind }
        var position = behind
        while position < rest.upperBound {
            guard text[position] == UInt8(ascii: "`") else {
                position += 1
                continue
            }
            let other = run(of: UInt8(ascii: "`"), from: position, to: rest.upperBound)
            position += other
            if other == length { return position }
        }
        open.hasBackticks = true
        return behind
    }

    func enclosureStart(_ content: Range<Int>) -> Enclosure? {
        guard text[content.lowerBound] == UInt8(ascii: "<") else { return nil }
        if starts(with: Self.comment.start, content) { return Enclosure(kind: Self.comment) }
        return Self.tags.first { isTag($0, content) }.map { Enclosure(kind: $0) }
    }

    func isFormula(_ content: Range<Int>) -> Bool {
        Self.formulas.contains { starts(with: $0.start, content) }
    }

    /// Whether a tag begins here, and not one whose name only begins like it.
    func isTag(_ kind: EnclosureKind, _ content: Range<Int>) -> Bool {
        guard starts(with: kind.start, content) else { return false }
        let next = content.lowerBound + kind.start.count
        return next >= content.upperBound || " \t/>".utf8.contains(text[next])
    }

    /// Whether a line begins like HTML of any kind.
    func isTag(_ content: Range<Int>) -> Bool {
        guard content.count > 1, text[content.lowerBound] == UInt8(ascii: "<") else { return false }
        let next = text[content.lowerBound + 1]
        return isLetter(next) || "/!?".utf8.contains(next)
    }

    func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    func starts(with word: [UInt8], _ content: Range<Int>) -> Bool {
        guard content.count >= word.count else { return false }
        return word.indices.allSatisfy { number in
            let byte = text[content.lowerBound + number]
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return (isCapital ? byte | 0x20 : byte) == word[number]
        }
    }
}

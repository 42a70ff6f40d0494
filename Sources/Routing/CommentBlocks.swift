/// Reads a comment line by line.
struct CommentBlocks {
    let text: [UInt8]

    /// The spoken lines so far.
    private(set) var spoken: [ArraySlice<UInt8>] = []

    /// The lines of the paragraph that is being read, and whether each may be a command.
    var paragraph: [(line: Range<Int>, isCandidate: Bool)] = []

    var fence: Fence?

    /// The HTML or the formula that is being read.
    var enclosure: Enclosure?

    /// Whether a quotation goes on until an empty line.
    var isQuoted = false

    var list: List?

    /// What earlier lines of the paragraph do to its later ones.
    var open = OpenParts()

    /// Where a line's text begins, and in which column.
    typealias Place = (position: Int, column: Int)

    struct Fence {
        var mark: UInt8
        var length: Int
        /// Columns before it; of one in a list, those of the list's text.
        var column: Int
        /// Where the list's text begins that it is in.
        var listColumn: Int?
    }

    /// The outermost list item: what stands in it is shown as a point, never said.
    struct List {
        /// Lines from this column on are in it: the first in which its text may begin.
        ///
        /// Lines between this and the text are in no list for Gitea; people mean them to be.
        var column: Int
        /// Whether a line left of it goes on with its text.
        var isLazy: Bool
    }

    struct OpenParts {
        /// Something in brackets or quotes that may hide what follows.
        var isHiding = false
        /// Backticks without their counterpart so far: what looks like code may be none.
        var hasBackticks = false
        /// HTML, in which backticks mean nothing.
        var hasTags = false
    }

    init(_ text: [UInt8]) {
        self.text = text
    }

    mutating func read() {
        var start = 0
        while start <= text.count {
            var end = start
            while end < text.count, text[end] != Self.lineFeed, text[end] != Self.carriageReturn {
                end += 1
            }
            line(start..<end)
            if end + 1 < text.count, text[end] == Self.carriageReturn,
                text[end + 1] == Self.lineFeed
            {
                end += 1
            }
            start = end + 1
        }
        endParagraph()
    }

    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let codeIndent = 4

    // MARK: Lines

    mutating func line(_ line: Range<Int>) {
        if let open = fence {
            guard !isAfterList(open, line) else {
                fence = nil
                return self.line(line)
            }
            if closes(open, line) { fence = nil }
            return
        }
        let start = start(of: line)
        let isEmpty = start.position == line.upperBound
        if enclosure != nil {
            if isEmpty { endParagraph() } else { readBlocksInEnclosure(start, line) }
            return readEnclosures(line)
        }
        guard !isEmpty else {
            isQuoted = false
            list?.isLazy = false
            return endParagraph()
        }
        if let list {
            if start.column >= list.column { return listLine(start, line) }
            if list.isLazy, !opensBlock(start, line) { return readEnclosures(line) }
            self.list = nil
        }
        if start.column < Self.codeIndent, block(start, line) { return }
        textLine(start, line)
    }

    /// Reads what Markdown opens in HTML that does not begin its line: both go on, each its way.
    mutating func readBlocksInEnclosure(_ start: Place, _ line: Range<Int>) {
        guard enclosure?.isBlock == false else { return }
        if list == nil, let item = item(start, line) {
            list = List(column: item.column, isLazy: true)
        }
        if opening(start, line) != nil { enclosure?.isEndless = true }
    }

    /// Reads a line of plain text.
    mutating func textLine(_ start: Place, _ line: Range<Int>) {
        let isIndented = start.column >= Self.codeIndent
        guard !isQuoted, !isIndented || !paragraph.isEmpty else { return }
        let isBreak = !isIndented && self.isBreak(start.position..<line.upperBound)
        if isBreak { endParagraph() }
        paragraph.append((line, !isIndented && !open.isHiding))
        if isTag(start.position..<line.upperBound) { open.hasTags = true }
        if leavesOpen(start.position..<line.upperBound) { open.isHiding = true }
        readEnclosures(start.position..<line.upperBound)
        if isBreak { endParagraph() }
    }

    /// Reads a line that opens something else than a paragraph.
    ///
    /// - Returns: whether it does.
    mutating func block(_ start: Place, _ line: Range<Int>) -> Bool {
        let content = start.position..<line.upperBound
        if text[start.position] == UInt8(ascii: ">") {
            endParagraph()
            isQuoted = true
            // What begins a comment in a quotation hides what comes after that too.
            readEnclosures(content, commentsOnly: true)
            return true
        }
        if let item = item(start, line), !isBreak(content),
            paragraph.isEmpty || item.mayInterrupt
        {
            endParagraph()
            isQuoted = false
            list = List(column: item.column, isLazy: false)
            if !item.isEmpty { listLine(item.content, line) }
            return true
        }
        if let opened = opening(start, line) {
            endParagraph()
            isQuoted = false
            fence = opened
            return true
        }
        guard enclosureStart(content)?.kind.interrupts == true || isFormula(content) else {
            return false
        }
        endParagraph()
        isQuoted = false
        open.hasTags = true
        readEnclosures(content)
        return true
    }

    /// Whether a line left of a list ends it, even right after its text.
    func opensBlock(_ start: Place, _ line: Range<Int>) -> Bool {
        let content = start.position..<line.upperBound
        guard start.column < Self.codeIndent else { return false }
        return text[start.position] == UInt8(ascii: ">") || isBreak(content)
            || item(start, line) != nil || opening(start, line) != nil
            || enclosureStart(content)?.kind.interrupts == true || isFormula(content)
    }

    /// Reads a line inside of a list: nothing in it is said, but more may be opened.
    mutating func listLine(_ start: Place, _ line: Range<Int>) {
        var content = start
        while let item = item(content, line) {
            endParagraph()
            guard !item.isEmpty else { return }
            content = item.content
        }
        if var opened = opening(content, line) {
            opened.listColumn = list?.column
            fence = opened
            list?.isLazy = false
            return
        }
        list?.isLazy = true
        if isTag(content.position..<line.upperBound) { open.hasTags = true }
        readEnclosures(content.position..<line.upperBound)
    }

    /// Where the text of a line begins.
    func start(of line: Range<Int>) -> Place {
        skipSpace((line.lowerBound, 0), line)
    }

    func skipSpace(_ from: Place, _ line: Range<Int>) -> Place {
        var (position, column) = from
        while position < line.upperBound {
            if text[position] == UInt8(ascii: " ") {
                column += 1
            } else if text[position] == UInt8(ascii: "\t") {
                column += 4 - column % 4
            } else {
                break
            }
            position += 1
        }
        return (position, column)
    }

    /// The beginning of a point in a list.
    struct Item {
        var content: Place
        /// The first column in which its text may begin.
        var column: Int
        var isEmpty: Bool
        /// Whether it may follow a paragraph without an empty line.
        var mayInterrupt: Bool
    }

    /// Reads `- `, `* `, `+ `, `1. ` or `1) `; nil when there is none.
    func item(_ from: Place, _ line: Range<Int>) -> Item? {
        var position = from.position
        var number = 1
        guard position < line.upperBound else { return nil }
        if "-*+".utf8.contains(text[position]) {
            position += 1
        } else {
            number = 0
            while position < line.upperBound, position - from.position < 9,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position])
            {
                number = number * 10 + Int(text[position] - UInt8(ascii: "0"))
                position += 1
            }
            guard position > from.position, position < line.upperBound,
                ".)".utf8.contains(text[position])
            else { return nil }
            position += 1
        }
        guard position == line.upperBound || " \t".utf8.contains(text[position]) else {
            return nil
        }
        let column = from.column + position - from.position
        let content = skipSpace((position, column), line)
        let isEmpty = content.position == line.upperBound
        return Item(
            content: content,
            column: column + 1,
            isEmpty: isEmpty,
            mayInterrupt: !isEmpty && number == 1
        )
    }

    /// A heading or a rule, which is no part of the paragraphs around it.
    func isBreak(_ content: Range<Int>) -> Bool {
        let line = trimmed(content)
        guard let first = line.first else { return false }
        let count = line.prefix { $0 == first }.count
        switch first {
        case UInt8(ascii: "#"):
            return count <= 6
                && (count == line.count || " \t".utf8.contains(text[line.startIndex + count]))
        case UInt8(ascii: "="):
            return count == line.count && !paragraph.isEmpty
        case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "_"):
            // Under a paragraph one dash is enough.
            if first == UInt8(ascii: "-"), count == line.count, !paragraph.isEmpty { return true }
            return line.allSatisfy { $0 == first || " \t".utf8.contains($0) }
                && line.count(where: { $0 == first }) >= 3
        default:
            return false
        }
    }

    // MARK: Fences

    func opening(_ content: Place, _ line: Range<Int>) -> Fence? {
        guard content.position < line.upperBound else { return nil }
        let mark = text[content.position]
        guard mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
        let length = run(of: mark, from: content.position, to: line.upperBound)
        guard length >= 3 else { return nil }
        let rest = text[(content.position + length)..<line.upperBound]
        // With a backtick behind it, it is code inside of a line.
        guard mark == UInt8(ascii: "~") || !rest.contains(mark) else { return nil }
        return Fence(mark: mark, length: length, column: content.column)
    }

    func closes(_ fence: Fence, _ line: Range<Int>) -> Bool {
        let content = start(of: line)
        guard content.column < fence.column + Self.codeIndent,
            content.position < line.upperBound
        else { return false }
        let length = run(of: fence.mark, from: content.position, to: line.upperBound)
        guard length >= fence.length else { return false }
        return text[(content.position + length)..<line.upperBound]
            .allSatisfy { " \t".utf8.contains($0) }
    }

    /// Whether a line is outside of the list that a fence is in, which ends the fence.
    func isAfterList(_ fence: Fence, _ line: Range<Int>) -> Bool {
        guard let column = fence.listColumn else { return false }
        let content = start(of: line)
        return content.position < line.upperBound && content.column < column
    }

    func run(of byte: UInt8, from start: Int, to end: Int) -> Int {
        var position = start
        while position < end, text[position] == byte { position += 1 }
        return position - start
    }

    // MARK: Paragraphs

    /// Takes over the lines of a paragraph that are outside of its code and comments.
    mutating func endParagraph() {
        defer {
            paragraph.removeAll(keepingCapacity: true)
            open = OpenParts()
        }
        guard let first = paragraph.first, let last = paragraph.last else { return }
        let hidden = hiddenParts(first.line.lowerBound..<last.line.upperBound)
        var next = 0
        for (line, isCandidate) in paragraph {
            while next < hidden.count, hidden[next].upperBound <= line.lowerBound { next += 1 }
            let isHidden = next < hidden.count && hidden[next].lowerBound < line.lowerBound
            if isCandidate, !isHidden { spoken.append(trimmed(line)) }
        }
    }

    /// Code inside of lines, and HTML comments, in their order.
    func hiddenParts(_ all: Range<Int>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        let runs = backtickRuns(all)
        var commentEnds: [Int]?
        var position = all.lowerBound
        while position < all.upperBound {
            switch text[position] {
            case UInt8(ascii: "\\"):
                position += 2
            case UInt8(ascii: "`"):
                let length = run(of: text[position], from: position, to: all.upperBound)
                let end = runs[length].flatMap { Self.first(of: $0, after: position + length - 1) }
                if let end {
                    parts.append(position..<(end + length))
                    position = end + length
                } else {
                    position += length
                }
            case UInt8(ascii: "<") where starts(with: Self.commentStart, position..<all.upperBound):
                let ends = commentEnds ?? self.commentEnds(all)
                commentEnds = ends
                if let end = Self.first(of: ends, after: position) {
                    parts.append(position..<end)
                    position = end
                } else {
                    position += 1
                }
            default:
                position += 1
            }
        }
        return parts
    }

    static let commentStart = Array("<!--".utf8)
    static let commentEnd = Array("-->".utf8)

    /// Where HTML comments may end; asked for only where one begins.
    func commentEnds(_ all: Range<Int>) -> [Int] {
        all.filter { starts(with: Self.commentEnd, $0..<all.upperBound) }.map { $0 + 3 }
    }

    /// Where runs of backticks begin, by their length.
    func backtickRuns(_ all: Range<Int>) -> [Int: [Int]] {
        var runs: [Int: [Int]] = [:]
        var position = all.lowerBound
        while position < all.upperBound {
            guard text[position] == UInt8(ascii: "`") else {
                position += 1
                continue
            }
            let length = run(of: text[position], from: position, to: all.upperBound)
            runs[length, default: []].append(position)
            position += length
        }
        return runs
    }

    /// The first of rising numbers that is larger, by halving.
    static func first(of numbers: [Int], after limit: Int) -> Int? {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] > limit { high = middle } else { low = middle + 1 }
        }
        return low < numbers.count ? numbers[low] : nil
    }

    func trimmed(_ line: Range<Int>) -> ArraySlice<UInt8> {
        var bytes = text[line]
        while let byte = bytes.first, " \t".utf8.contains(byte) { bytes.removeFirst() }
        while let byte = bytes.last, " \t".utf8.contains(byte) { bytes.removeLast() }
        return bytes
    }
}

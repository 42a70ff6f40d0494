/// The lines of a comment in which its author speaks: those that may be commands.
///
/// Reads Markdown as Gitea shows it (CommonMark): lines inside of quotations, code of any kind and
/// HTML comments are not spoken. Where a line could be read either way, it is not.
enum CommentLines {
    /// Bytes of a comment that may hold commands: who writes more than a few pages quotes, or
    /// attacks.
    static let bytesMax = 64 << 10

    /// The spoken lines, without the white space around them.
    ///
    /// Time and memory grow with the length of the text alone.
    ///
    /// - Parameter text: the comment.
    /// - Returns: the lines, in their order; none of a text of more than `bytesMax` bytes.
    static func spoken(in text: String) -> [String] {
        guard text.utf8.count <= bytesMax else { return [] }
        var blocks = CommentBlocks(Array(text.utf8))
        blocks.read()
        return blocks.spoken.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Reads a comment line by line.
private struct CommentBlocks {
    private let text: [UInt8]

    /// The spoken lines so far.
    private(set) var spoken: [ArraySlice<UInt8>] = []

    /// The lines of the paragraph that is being read, and whether each may be a command.
    private var paragraph: [(line: Range<Int>, isCandidate: Bool)] = []

    private var fence: Fence?

    /// What ends the HTML that is being read.
    private var htmlEnd: [UInt8]?

    /// Whether a quotation goes on until an empty line.
    private var isQuoted = false

    private struct Fence {
        var mark: UInt8
        var length: Int
        /// Columns before it; of one in a list, those of the list's text.
        var column: Int
        var isInList: Bool
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

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let codeIndent = 4

    // MARK: Lines

    private mutating func line(_ line: Range<Int>) {
        if let open = fence {
            guard !isAfterList(open, line) else {
                fence = nil
                return self.line(line)
            }
            if closes(open, line) { fence = nil }
            return
        }
        if let end = htmlEnd {
            if contains(end, in: line) { htmlEnd = nil }
            return
        }
        var content = start(of: line)
        guard content.position < line.upperBound else {
            isQuoted = false
            return endParagraph()
        }
        let indent = content.column
        var isListItem = false
        // An indented line inside of a paragraph goes on with it, and opens nothing.
        if indent < Self.codeIndent || paragraph.isEmpty {
            while let inner = listContent(content, line) {
                content = inner
                isListItem = true
            }
        }
        if indent < Self.codeIndent || isListItem {
            if isListItem { endParagraph() }
            if text[content.position..<line.upperBound].first == UInt8(ascii: ">") {
                endParagraph()
                isQuoted = true
                return
            }
            if let opened = opening(content, line, isInList: isListItem) {
                endParagraph()
                isQuoted = false
                fence = opened
                return
            }
            if let end = htmlOpening(content.position..<line.upperBound) {
                endParagraph()
                isQuoted = false
                if !contains(end, in: content.position..<line.upperBound) { htmlEnd = end }
                return
            }
            if isListItem { isQuoted = false }
        }
        guard !isQuoted else { return }
        if indent >= Self.codeIndent, !isListItem, paragraph.isEmpty { return }
        let isBreak = self.isBreak(content.position..<line.upperBound)
        if isBreak { endParagraph() }
        paragraph.append((line, indent < Self.codeIndent && !isListItem))
        if isBreak { endParagraph() }
    }

    /// Where the text of a line begins, and in which column.
    private func start(of line: Range<Int>) -> (position: Int, column: Int) {
        skipSpace((line.lowerBound, 0), line)
    }

    private func skipSpace(
        _ from: (position: Int, column: Int),
        _ line: Range<Int>
    ) -> (position: Int, column: Int) {
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

    /// What follows `- `, `* `, `+ `, `1. ` or `1) `; nil when there is none.
    private func listContent(
        _ from: (position: Int, column: Int),
        _ line: Range<Int>
    ) -> (position: Int, column: Int)? {
        var position = from.position
        if "-*+".utf8.contains(text[position]) {
            position += 1
        } else {
            while position < line.upperBound, position - from.position < 9,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position])
            {
                position += 1
            }
            guard position > from.position, position < line.upperBound,
                ".)".utf8.contains(text[position])
            else { return nil }
            position += 1
        }
        guard position < line.upperBound, " \t".utf8.contains(text[position]) else { return nil }
        let column = from.column + position - from.position
        let inner = skipSpace((position, column), line)
        return inner.position < line.upperBound ? inner : nil
    }

    /// A heading or a rule, which is no part of the paragraphs around it.
    private func isBreak(_ content: Range<Int>) -> Bool {
        let line = text[content]
        if line.first == UInt8(ascii: "#") { return true }
        return line.allSatisfy { "-=*_ \t".utf8.contains($0) }
    }

    // MARK: Fences

    private func opening(
        _ content: (position: Int, column: Int),
        _ line: Range<Int>,
        isInList: Bool
    ) -> Fence? {
        let mark = text[content.position]
        guard mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
        let length = run(of: mark, from: content.position, to: line.upperBound)
        guard length >= 3 else { return nil }
        let rest = text[(content.position + length)..<line.upperBound]
        // With a backtick behind it, it is code inside of a line.
        guard mark == UInt8(ascii: "~") || !rest.contains(mark) else { return nil }
        return Fence(mark: mark, length: length, column: content.column, isInList: isInList)
    }

    private func closes(_ fence: Fence, _ line: Range<Int>) -> Bool {
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
    private func isAfterList(_ fence: Fence, _ line: Range<Int>) -> Bool {
        guard fence.isInList else { return false }
        let content = start(of: line)
        return content.position < line.upperBound && content.column < fence.column
    }

    private func run(of byte: UInt8, from start: Int, to end: Int) -> Int {
        var position = start
        while position < end, text[position] == byte { position += 1 }
        return position - start
    }

    // MARK: HTML

    private static let htmlBlocks: [(start: [UInt8], end: [UInt8])] = [
        (Array("<!--".utf8), Array("-->".utf8)),
        (Array("<pre".utf8), Array("</pre>".utf8)),
        (Array("<code".utf8), Array("</code>".utf8)),
        (Array("<blockquote".utf8), Array("</blockquote>".utf8)),
        (Array("<script".utf8), Array("</script>".utf8)),
        (Array("<style".utf8), Array("</style>".utf8)),
        (Array("<textarea".utf8), Array("</textarea>".utf8)),
    ]

    private func htmlOpening(_ content: Range<Int>) -> [UInt8]? {
        guard text[content.lowerBound] == UInt8(ascii: "<") else { return nil }
        return Self.htmlBlocks.first { starts(with: $0.start, content) }?.end
    }

    private func starts(with word: [UInt8], _ content: Range<Int>) -> Bool {
        guard content.count >= word.count else { return false }
        return word.indices.allSatisfy { number in
            let byte = text[content.lowerBound + number]
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return (isCapital ? byte | 0x20 : byte) == word[number]
        }
    }

    private func contains(_ word: [UInt8], in line: Range<Int>) -> Bool {
        line.contains { starts(with: word, $0..<line.upperBound) }
    }

    // MARK: Paragraphs

    /// Takes over the lines of a paragraph that are outside of its code and comments.
    private mutating func endParagraph() {
        defer { paragraph.removeAll(keepingCapacity: true) }
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
    private func hiddenParts(_ all: Range<Int>) -> [Range<Int>] {
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

    private static let commentStart = Array("<!--".utf8)
    private static let commentEnd = Array("-->".utf8)

    /// Where HTML comments may end; asked for only where one begins.
    private func commentEnds(_ all: Range<Int>) -> [Int] {
        all.filter { starts(with: Self.commentEnd, $0..<all.upperBound) }.map { $0 + 3 }
    }

    /// Where runs of backticks begin, by their length.
    private func backtickRuns(_ all: Range<Int>) -> [Int: [Int]] {
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
    private static func first(of numbers: [Int], after limit: Int) -> Int? {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] > limit { high = middle } else { low = middle + 1 }
        }
        return low < numbers.count ? numbers[low] : nil
    }

    private func trimmed(_ line: Range<Int>) -> ArraySlice<UInt8> {
        var bytes = text[line]
        while let byte = bytes.first, " \t".utf8.contains(byte) { bytes.removeFirst() }
        while let byte = bytes.last, " \t".utf8.contains(byte) { bytes.removeLast() }
        return bytes
    }
}

/// Links, tags and formulas that go on over the end of a line.
extension CommentBlocks {
    /// Whether a line begins what its paragraph may go on with unseen: a link's address or title, a
    /// picture's text, a link's definition, a tag's attributes, a formula.
    func leavesOpen(_ line: Range<Int>) -> Bool {
        isDefinition(line) || leavesLinkOpen(line) || leavesTagOpen(line)
            || leavesPictureOpen(line) || leavesFormulaOpen(line)
    }

    /// `[name]: address`, also of a footnote.
    func isDefinition(_ line: Range<Int>) -> Bool {
        guard text[line.lowerBound] == UInt8(ascii: "[") else { return false }
        return line.dropLast().contains {
            text[$0] == UInt8(ascii: "]") && text[$0 + 1] == UInt8(ascii: ":")
        }
    }

    func leavesLinkOpen(_ line: Range<Int>) -> Bool {
        var depth = 0
        var quote: UInt8?
        var previous = UInt8(ascii: " ")
        for byte in text[line] {
            defer { previous = byte }
            if depth == 0 {
                if previous == UInt8(ascii: "]"), byte == UInt8(ascii: "(") { depth = 1 }
            } else if let open = quote {
                if byte == open, previous != UInt8(ascii: "\\") { quote = nil }
            } else if "\"'".utf8.contains(byte), " \t".utf8.contains(previous) {
                quote = byte
            } else if byte == UInt8(ascii: "<"), previous == UInt8(ascii: "(") {
                quote = UInt8(ascii: ">")
            } else if byte == UInt8(ascii: "("), previous != UInt8(ascii: "\\") {
                depth += 1
            } else if byte == UInt8(ascii: ")"), previous != UInt8(ascii: "\\") {
                depth -= 1
            }
        }
        return depth > 0
    }

    func leavesTagOpen(_ line: Range<Int>) -> Bool {
        var isInside = false
        var quote: UInt8?
        var previous = UInt8(ascii: " ")
        for byte in text[line] {
            defer { previous = byte }
            if !isInside {
                isInside =
                    previous == UInt8(ascii: "<") && (isLetter(byte) || byte == UInt8(ascii: "/"))
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if "\"'".utf8.contains(byte), previous == UInt8(ascii: "=") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                isInside = false
            }
        }
        return isInside
    }

    func leavesPictureOpen(_ line: Range<Int>) -> Bool {
        let bytes = text[line]
        guard
            let start = line.dropLast().last(where: {
                text[$0] == UInt8(ascii: "!") && text[$0 + 1] == UInt8(ascii: "[")
            })
        else { return false }
        return !bytes[start...].contains(UInt8(ascii: "]"))
    }

    func leavesFormulaOpen(_ line: Range<Int>) -> Bool {
        let mark = UInt8(ascii: "$")
        var isOpen = false
        var position = line.lowerBound
        while position < line.upperBound {
            let length = run(of: mark, from: position, to: line.upperBound)
            if length >= 2 { isOpen.toggle() }
            position += max(length, 1)
        }
        return isOpen
    }
}

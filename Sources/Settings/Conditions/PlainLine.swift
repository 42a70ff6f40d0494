/// Tells lines that every reader of Markdown shows as they are.
///
/// A line is plain when nothing in it can open what goes on behind it: no block (list, quotation,
/// code, heading, table, HTML, definition, front matter) and nothing inside of a line (code, link,
/// formula, struck out text). What is plain depends on no other line, so that no Markdown has to be
/// read: a reader of our own would never be equal to every renderer. `Tests/comments` compares the
/// rule with two of them.
package enum PlainLine {
    /// Signs that open something wherever they stand.
    private static let signs: Set<Unicode.Scalar> = [
        // Code, struck out text, HTML, links, formulas, tables; attributes, as of a heading.
        "`", "~", "<", ">", "[", "]", "$", "\\", "|", "{", "}",
    ]

    /// Signs that open something at the beginning of a line: lists, rules, headings, front matter,
    /// definitions.
    private static let openers: Set<Unicode.Scalar> = ["-", "+", "*", "_", "=", "#", ":"]

    /// What a command's line may not have besides: it is shown without that, or as another sign.
    private static let replaced: Set<Unicode.Scalar> = ["*", "&"]

    /// White space that nobody sees, as browsers and chats put it around what is copied.
    private static let unseen: Set<Unicode.Scalar> = ["\u{A0}", "\u{200B}", "\u{FEFF}"]

    /// Of the characters without a width those that only join or part letters and emoji.
    private static let joiners: Set<Unicode.Scalar> = [
        "\u{200B}", "\u{200C}", "\u{200D}", "\u{FEFF}",
    ]

    /// Columns of space that make code of a line.
    private static let codeIndent = 4

    /// Whether a line is empty, or begins in the first column and can open nothing.
    ///
    /// - Parameter line: without its end.
    /// - Returns: false whenever a renderer might make something of it that goes on behind it.
    package static func isPlain(_ line: Substring.UnicodeScalarView) -> Bool {
        let text = line.drop { unseen.contains($0) }
        guard !text.allSatisfy(isBlank) else { return true }
        // Gitea passes over white space of any kind before the dashes that begin front matter, and
        // what stands in that it may not show at all.
        if let begin = line.first, begin.value >= 0x80, begin.properties.isWhitespace,
            String(line).contains("---")
        {
            return false
        }
        guard let first = text.first, !isBlank(first), !openers.contains(first) else {
            return false
        }
        let behindNumber = text.drop { (0x30...0x39).contains($0.value) }
        if behindNumber.startIndex > text.startIndex, let next = behindNumber.first {
            // A point of a list.
            guard next != ".", next != ")" else { return false }
        }
        return text.allSatisfy { !mayOpen($0) }
    }

    /// The line as a command; nil when it cannot be one, whatever stands before it.
    ///
    /// - Parameter line: without its end.
    /// - Returns: the text without the space around it, seen or not.
    package static func command(in line: Substring.UnicodeScalarView) -> String? {
        let text = trimmed(line)
        let indent = line[..<text.startIndex]
        guard !text.isEmpty, isPlain(text), !text.contains(where: { replaced.contains($0) }),
            !indent.contains(where: { $0 == "\t" }),
            indent.count(where: { $0 == " " }) < codeIndent
        else { return nil }
        return String(text)
    }

    /// A line without the space around it, seen or not.
    package static func trimmed(
        _ line: Substring.UnicodeScalarView
    ) -> Substring.UnicodeScalarView {
        guard let first = line.firstIndex(where: { !isSpace($0) }),
            let last = line.lastIndex(where: { !isSpace($0) })
        else { return line[line.endIndex...] }
        return line[first...last]
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t"
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        isBlank(scalar) || unseen.contains(scalar)
    }

    private static func mayOpen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Some renderers end a line there, or begin one.
        case .control: scalar != "\t"
        case .lineSeparator, .paragraphSeparator: true
        // Marks that turn the direction show text elsewhere, or backwards.
        case .format: !joiners.contains(scalar)
        default: signs.contains(scalar)
        }
    }
}

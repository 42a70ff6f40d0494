import Program

/// Text of strangers made fit for a terminal: headers, payloads and what handlers print must not be
/// able to move the cursor, change the title or forge a line.
enum VisibleText {
    /// The text on one line, with every control character shown instead of obeyed.
    static func line(_ text: String) -> String { text.showingControls() }

    /// The same for a text of several lines: line feeds and tabs stay.
    static func lines(_ text: String) -> String { text.showingControls(keeping: ["\n", "\t"]) }

    /// The same for what a command has laid out: its own colours stay as well.
    static func painted(_ text: String) -> String {
        var result = ""
        var rest = text.unicodeScalars[...]
        while let escape = rest.firstIndex(of: "\u{1B}") {
            result += lines(String(rest[..<escape]))
            rest = rest[escape...]
            let mark = Tone.marks.first { rest.starts(with: $0.unicodeScalars) } ?? ""
            result += mark.isEmpty ? "\\u{1b}" : mark
            rest = rest.dropFirst(max(mark.unicodeScalars.count, 1))
        }
        return result + lines(String(rest))
    }

    /// JSON that says the same, and whose strings steer no terminal.
    ///
    /// JSON itself escapes only C0; everything else that steers can stand in a string alone.
    static func json(_ text: String) -> String {
        let isOther = { (scalar: Unicode.Scalar) in scalar.value >= 0x7F && scalar.steersTerminal }
        guard text.unicodeScalars.contains(where: isOther) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isOther(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether a terminal obeys it instead of showing it, or a reader takes it for the end of a line.
    ///
    /// Controls (C0, DEL, C1: a terminal takes U+009B for the beginning of a sequence), the line and
    /// paragraph separators, and all that turn the direction of writing (Bidi_Control).
    package var steersTerminal: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// As escapes of Swift show it: `\n`, `\u{1b}`.
    package var shown: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(value, radix: 16))}"
        }
    }
}

extension String {
    /// With everything that steers a terminal shown instead of obeyed, but for what `keeping` names.
    package func showingControls(keeping kept: Set<Unicode.Scalar> = []) -> String {
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.steersTerminal, !kept.contains(scalar) {
                result += scalar.shown
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

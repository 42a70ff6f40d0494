/// JSON text laid out for people, its members in the order they have.
enum JSONIndentation {
    /// The same JSON with one value on each line, two spaces for each level.
    ///
    /// Nothing is parsed but strings and brackets: what is not JSON comes out as it went in, apart
    /// from its white space.
    static func lines(_ json: String) -> [String] {
        var layout = Layout()
        for scalar in json.unicodeScalars { layout.take(scalar) }
        return layout.finish()
    }

    private struct Layout {
        private var lines: [String] = []
        private var line = ""
        private var level = 0
        private var isInString = false
        private var isEscaped = false
        /// An opening bracket after which nothing has come yet: `{}` stays together.
        private var isOpening = false

        mutating func take(_ scalar: Unicode.Scalar) {
            if isInString {
                line.unicodeScalars.append(scalar)
                if isEscaped {
                    isEscaped = false
                } else if scalar == "\\" {
                    isEscaped = true
                } else if scalar == "\"" {
                    isInString = false
                }
                return
            }
            switch scalar {
            case " ", "\n", "\r", "\t": return
            case "}", "]": close(scalar)
            case ",":
                line.unicodeScalars.append(scalar)
                breakLine()
            case ":": line += ": "
            default:
                breakAfterOpening()
                line.unicodeScalars.append(scalar)
                if scalar == "\"" { isInString = true }
                if scalar == "{" || scalar == "[" {
                    isOpening = true
                    level += 1
                }
            }
        }

        private mutating func close(_ bracket: Unicode.Scalar) {
            level = max(0, level - 1)
            if !isOpening { breakLine() }
            isOpening = false
            line.unicodeScalars.append(bracket)
        }

        private mutating func breakAfterOpening() {
            if isOpening { breakLine() }
            isOpening = false
        }

        private mutating func breakLine() {
            lines.append(line)
            line = String(repeating: "  ", count: level)
        }

        mutating func finish() -> [String] {
            lines + [line]
        }
    }
}

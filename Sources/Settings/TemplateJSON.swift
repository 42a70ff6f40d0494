import FoundationEssentials

/// Whether what a template makes can be JSON.
///
/// Only the worker knows the values, and the library that puts them in. So the text is judged with
/// stand-ins: each tag as a string or a number, each section there or not. What is no JSON in any of
/// these readings is taken for a mistake; a comma in a list that only some readings have is none.
struct TemplateJSON {
    private var parts: [Part] = []

    private enum Part {
        case text(Substring)
        case value
        /// A section that begins; inverted ones stand for what is not there.
        case open(isInverted: Bool)
        case close
    }

    /// A template whose tags are right.
    init(_ text: String) {
        var rest = text[...]
        var (open, close) = ("{{", "}}")
        while let start = rest.firstRange(of: open) {
            parts.append(.text(rest[..<start.lowerBound]))
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: close) else { return }
            let tag = rest[..<end.lowerBound]
            rest = rest[end.upperBound...]
            switch tag.first {
            case "#": parts.append(.open(isInverted: false))
            case "^": parts.append(.open(isInverted: true))
            case "/": parts.append(.close)
            case "!": break
            case "=":
                let words = tag.dropFirst().dropLast().split { $0.isWhitespace }
                if words.count == 2 { (open, close) = (String(words[0]), String(words[1])) }
            case "{":
                rest = rest.dropFirst()
                parts.append(.value)
            default: parts.append(.value)
            }
        }
        parts.append(.text(rest))
    }

    /// Whether one of the readings is JSON.
    var isPossible: Bool {
        [(true, false), (false, true), (true, true), (false, false)].contains { there, notThere in
            ["\"\"", "0"].contains { value in
                Self.isJSON(reading(value, sections: there, inverted: notThere))
            }
        }
    }

    private func reading(_ value: String, sections: Bool, inverted: Bool) -> String {
        var result = ""
        var isInString = false
        /// Of each open section, whether it is there.
        var shown: [Bool] = []
        for part in parts {
            switch part {
            case .open(let isInverted): shown.append(isInverted ? inverted : sections)
            case .close: _ = shown.popLast()
            case .value where shown.allSatisfy(\.self): result += isInString ? "0" : value
            case .text(let text) where shown.allSatisfy(\.self):
                isInString = Self.isInString(after: text, from: isInString)
                result += text
            case .value, .text: break
            }
        }
        return result
    }

    private static func isInString(after text: Substring, from start: Bool) -> Bool {
        var isInString = start
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = isInString
            } else if scalar == "\"" {
                isInString.toggle()
            }
        }
        return isInString
    }

    private static func isJSON(_ text: String) -> Bool {
        // Why it is none says nothing about the template.
        (try? JSONDecoder().decode(Anything.self, from: Data(text.utf8))) != nil
            && !hasCommaAtAnEnd(text)
    }

    /// A comma behind the last member, which this decoder forgives and most do not.
    private static func hasCommaAtAnEnd(_ text: String) -> Bool {
        var isInString = false
        var hasComma = false
        for piece in text.split(separator: "\"", omittingEmptySubsequences: false) {
            if !isInString {
                for scalar in piece.unicodeScalars where !scalar.properties.isWhitespace {
                    if hasComma, scalar == "}" || scalar == "]" { return true }
                    hasComma = scalar == ","
                }
            } else {
                hasComma = false
            }
            // A quote behind an odd number of backslashes ends no string.
            let backslashes = piece.reversed().prefix { $0 == "\\" }.count
            if !isInString || backslashes % 2 == 0 { isInString.toggle() }
        }
        return false
    }

    /// Any value: what the decoder finds wrong, it finds before.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

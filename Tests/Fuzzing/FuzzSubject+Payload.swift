import Foundation
import Gitea
import TestSupport

extension FuzzSubject {
    /// Made-up JSON texts, some broken, against a reader that is written for clarity alone.
    ///
    /// Their members are none that Samovar knows, so a text is taken if and only if it is an object
    /// of JSON (RFC 8259) within the depth.
    static let texts = FuzzSubject("JSON texts", share: 20) { random in
        var text: [UInt8] = []
        if Int.random(in: 0..<500, using: &random) == 0 {
            // Around the deepest that is taken.
            let depth = Int.random(in: 505...520, using: &random)
            text = Array(
                ("{\"x0\":" + String(repeating: "[", count: depth - 1)
                    + String(repeating: "]", count: depth - 1) + "}").utf8
            )
        } else {
            ReferenceJSON.write(to: &text, depth: 0, using: &random)
        }
        if Bool.random(using: &random) {
            Mutation.change(&text, words: jsonWords, using: &random)
        }
        let isTaken = (try? Event.decode(type: "unheard_of", payload: Data(text))) != nil
        var reference = ReferenceJSON(text)
        let isObject = reference.isObject()
        guard isTaken != isObject else { return nil }
        return "\(visible(text)) is \(isTaken ? "taken" : "refused")"
    }

    /// Recorded payloads with mistakes in them: what is taken is JSON, whatever it says.
    static let payloads = FuzzSubject("recorded payloads", share: 2) { random in
        guard let (type, recorded) = Recordings.payloads.randomElement(using: &random) else {
            return "there are no recordings"
        }
        var text = recorded
        Mutation.change(&text, words: jsonWords, using: &random)
        let event: Event
        do throws(PayloadError) {
            event = try Event.decode(type: type, payload: Data(text))
        } catch {
            return error.description.contains("malformed") ? nil : "refused as \(error)"
        }
        _ = event.disagreement
        _ = try? event.action  // of the wrong type perhaps: an error is fine, a crash is not
        var reference = ReferenceJSON(text)
        return reference.isObject() ? nil : "\(visible(text)) is taken"
    }

    private static let jsonWords =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u12", "\\ud800", "\\u0000", "null", "true",
            "nul",
            "-", "0", "01", "1.5e", "1e999", "99999999999999999999", "\"x1\":", "\u{FEFF}", "\u{0}",
            " ",
            "\n", "[[[[[[[[", "]]]]]]]]", "\"action\":5,",
        ].map { Array($0.utf8) } + [[0xC3], [0xED, 0xA0, 0x80], [0xFF], [0xC0, 0x80]]
}

/// RFC 8259 as a recursive descent, a function for each rule of its grammar.
struct ReferenceJSON {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    /// docs/CONTRACT.md: no deeper than handlers' readers stand.
    private static let depthMost = 512

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether the whole text is one object.
    mutating func isObject() -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        space()
        guard peek == UInt8(ascii: "{"), value() else { return false }
        space()
        return position == bytes.count
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: Character) -> Bool {
        guard let peek, peek == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func space() {
        while let peek, [0x20, 0x09, 0x0A, 0x0D].contains(peek) { position += 1 }
    }

    private mutating func value() -> Bool {
        space()
        guard let peek else { return false }
        switch Character(Unicode.Scalar(peek)) {
        case "{": return list(end: "}") { $0.member() }
        case "[": return list(end: "]") { $0.value() }
        case "\"": return string()
        case "t": return word("true")
        case "f": return word("false")
        case "n": return word("null")
        default: return number()
        }
    }

    private mutating func list(end: Character, _ element: (inout Self) -> Bool) -> Bool {
        guard depth < Self.depthMost else { return false }
        depth += 1
        position += 1
        space()
        if !take(end) {
            repeat {
                guard element(&self) else { return false }
                space()
            } while take(",")
            guard take(end) else { return false }
        }
        depth -= 1
        return true
    }

    private mutating func member() -> Bool {
        space()
        guard peek == UInt8(ascii: "\""), string() else { return false }
        space()
        return take(":") && value()
    }

    private mutating func string() -> Bool {
        position += 1
        while let byte = peek {
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte < 0x20 { return false }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let escape = peek else { return false }
            position += 1
            if escape == UInt8(ascii: "u") {
                for _ in 0..<4 {
                    guard let digit = peek, digit < 0x80,
                        Character(Unicode.Scalar(digit)).isHexDigit
                    else { return false }
                    position += 1
                }
            } else if !"\"\\/bfnrt".utf8.contains(escape) {
                return false
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") { guard digits() else { return false } }
        if take(".") { guard digits() else { return false } }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = position
        while let peek, peek >= UInt8(ascii: "0"), peek <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    // MARK: Writing

    /// Writes an object, or further down any value.
    static func write(to text: inout [UInt8], depth: Int, using random: inout SeededRandom) {
        let kind = depth == 0 ? 0 : Int.random(in: depth > 5 ? 2..<6 : 0..<6, using: &random)
        switch kind {
        case 0, 1:
            text.append(UInt8(ascii: kind == 0 ? "{" : "["))
            for index in 0..<Int.random(in: 0..<4, using: &random) {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                if kind == 0 { text += "\"x\(Int.random(in: 0..<9, using: &random))\":".utf8 }
                write(to: &text, depth: depth + 1, using: &random)
            }
            text.append(UInt8(ascii: kind == 0 ? "}" : "]"))
        case 2: text += pick(numbers, wrongNumbers, &random)
        case 3: text += pick(strings, wrongStrings, &random)
        default: text += pick(words, wrongWords, &random)
        }
        if Int.random(in: 0..<4, using: &random) == 0 { text += " \n".utf8 }
    }

    /// Now and then what only looks like a value.
    private static func pick(
        _ right: [String],
        _ wrong: [String],
        _ random: inout SeededRandom
    ) -> String.UTF8View {
        let words = Int.random(in: 0..<16, using: &random) == 0 ? wrong : right
        return (words.randomElement(using: &random) ?? "").utf8
    }

    private static let wrongNumbers = [
        "01", "-01", "1.", ".5", "+1", "1e", "1e+", "-", "--1", "0x1", "1_0", "1.5.5", "Infinity",
        "1 2",
    ]
    private static let wrongStrings = [
        #""\x""#, #""\u12""#, #""\u12g4""#, "\"\n\"", "\"\u{0}\"", #"'a'"#, #""a"#, #""\"#, "a",
        "\"\u{1F}\"",
    ]
    private static let wrongWords = ["True", "nul", "nulll", "NaN", "undefined", "fals", "tru e"]
    private static let numbers = [
        "0", "-0", "1", "-17", "1.5", "1e5", "1E-7", "9e+99", "123456789",
    ]
    private static let strings = [
        #""""#, #""a""#, #""é""#, #""\n\"\\\/""#, #""\u00e9""#, #""\ud83d\ude00""#, #""\ud800""#,
    ]
    private static let words = ["true", "false", "null"]
}

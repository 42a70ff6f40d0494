import Foundation
import Testing

@testable import Worker

@Suite
struct JSONNodeTests {
    private func parse(_ text: String) throws(JSONProblem) -> JSONNode {
        try JSONNode(parsing: Data(text.utf8))
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.50", "12345678901234567890", "1e-7", "2E+10", "\"\"",
        "[]", "{}", #"["a",1,[null],{"b":{"a":1}}]"#, #"{"z":1,"a":2,"z":3}"#, #""ü🫖\u2028""#,
    ])
    func `what is written is what was read, digits and order included`(text: String) throws {
        let node = try parse(" \n\t\r\(text) \n")
        #expect(node.json == text.replacing(#"\u2028"#, with: "\u{2028}"))
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9""#, "Aéé"),
        (#""\ud83e\uded6""#, "🫖"), (#""\ud83e""#, "\u{FFFD}"), (#""\ud83ex""#, "\u{FFFD}x"),
        (#""\ud83e\u0041""#, "\u{FFFD}A"), (#""\uded6\ud83e""#, "\u{FFFD}\u{FFFD}"),
    ])
    func `escapes are replaced`(text: String, expected: String) throws {
        #expect(try parse(text) == .text(expected))
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends too early"),
        ("  ", "line 1, column 3: the text ends too early"),
        ("{\n  \"a\": ,\n}", "line 2, column 8: no value"),
        ("{\n\"a\": 1\n\"b\": 2}", "line 3, column 1: no comma and no end of an object"),
        ("[1 2]", "line 1, column 4: no comma and no end of an array"),
        ("[1,]", "line 1, column 4: no value"), ("{\"a\":1,}", "line 1, column 8: no key"),
        ("{a:1}", "line 1, column 2: no key"),
        ("{\"a\" 1}", "line 1, column 6: no colon after a key"),
        ("01", "line 1, column 2: text after the end"),
        ("-", "line 1, column 2: the text ends too early"),
        ("1.x", "line 1, column 3: no digit in a number"), ("nul", "line 1, column 1: no value"),
        ("{} {}", "line 1, column 4: text after the end"), ("'a'", "line 1, column 1: no value"),
        ("\"a\nb\"", "line 1, column 3: a control character in a string"),
        ("\"abc", "line 1, column 1: a string without an end"),
        (#""\x""#, "line 1, column 3: an unknown escape"),
        (#""\"#, "line 1, column 2: an unknown escape"),
        (#""\u12""#, "line 1, column 4: an escape without four hexadecimal digits"),
        (#""\u12g4""#, "line 1, column 4: an escape without four hexadecimal digits"),
        ("NaN", "line 1, column 1: no value"), ("/**/1", "line 1, column 1: no value"),
    ])
    func `what is no JSON is told by its place`(text: String, message: String) {
        let problem = #expect(throws: JSONProblem.self) { try parse(text) }
        #expect(problem?.description == message)
    }

    @Test
    func `bytes that are not UTF-8 are no JSON`() {
        #expect(throws: JSONProblem.self) {
            try JSONNode(parsing: Data([0x22, 0xC3, 0x28, 0x22]))
        }
    }

    @Test
    func `nesting is bounded`() throws {
        let deep = String(repeating: "[", count: 520) + String(repeating: "]", count: 520)
        #expect(try parse(deep).json == deep)
        #expect(throws: JSONProblem.self) { try parse("[\(deep)]") }
        #expect(throws: JSONProblem.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test
    func `of two fields with one name the last counts`() throws {
        #expect(try parse(#"{"a":1,"a":2}"#)["a"] == .number("2"))
        #expect(try parse(#"{"a":1}"#)["b"] == nil)
        #expect(try parse(#"[1]"#)["0"] == nil)
    }
}

import Testing

@testable import Operator

@Suite
struct JSONIndentationTests {
    @Test
    func `each value has a line, in the order it has`() {
        let json = #"{"b":1,"a":{"x":[true, null]},"c":"d"}"#
        #expect(
            JSONIndentation.lines(json) == [
                "{", #"  "b": 1,"#, #"  "a": {"#, #"    "x": ["#, "      true,", "      null",
                "    ]", "  },", #"  "c": "d""#, "}",
            ]
        )
    }

    @Test
    func `brackets and escapes inside of strings are text`() {
        let json = #"{"a":"{[\"],:}\\"}"#
        #expect(JSONIndentation.lines(json) == ["{", #"  "a": "{[\"],:}\\""#, "}"])
    }

    @Test(arguments: ["{}", "[]", "1", "\"x\""])
    func `what is empty or single stays on one line`(json: String) {
        #expect(JSONIndentation.lines(json) == [json])
    }

    @Test
    func `text that is no JSON keeps its characters`() {
        #expect(JSONIndentation.lines("}]{oops").joined().filter { $0 != " " } == "}]{oops")
    }
}

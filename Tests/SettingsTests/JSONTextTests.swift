import Testing

@testable import Settings

@Suite
struct JSONTextTests {
    @Test(arguments: [
        ("{}", "{}"),
        ("{ b: 1, a: 2 }", #"{"a":2,"b":1}"#),
        ("{ a: { z: [], y: {} } }", #"{"a":{"y":{},"z":[]}}"#),
        ("{ a: true, b: False }", #"{"a":true,"b":false}"#),
        ("{ a: ~, b: null, c: }", #"{"a":null,"b":null,"c":null}"#),
        ("{ a: yes, b: off }", #"{"a":"yes","b":"off"}"#),
        ("{ a: \"1\", b: 'true', c: '' }", #"{"a":"1","b":"true","c":""}"#),
        ("{ a: -1, b: +2, c: 0, d: 1.50 }", #"{"a":-1,"b":2,"c":0,"d":1.50}"#),
        ("{ a: .5, b: 1., c: 1e3, d: 2.5E-3 }", #"{"a":0.5,"b":1.0,"c":1e3,"d":2.5e-3}"#),
        ("{ a: 0x1F, b: 0o17 }", #"{"a":31,"b":15}"#),
        ("{ a: 007, b: 1_000, c: 1:30 }", #"{"a":"007","b":"1_000","c":"1:30"}"#),
        (
            "{ a: 0x, b: ., c: 1e, d: 0x+1 }",
            #"{"a":"0x","b":".","c":"1e","d":"0x+1"}"#
        ),
        ("{ a: 123456789012345678901234 }", #"{"a":123456789012345678901234}"#),
        ("{ a: 2026-11-01 }", #"{"a":"2026-11-01"}"#),
        ("{ a: \"q\\\"b\\\\n\\nt\\tr\\re\\e\" }", #"{"a":"q\"b\\n\nt\tr\re\u001b"}"#),
        ("{ \"k\\\"\": ä☃ }", #"{"k\"":"ä☃"}"#),
        ("{ a: !!str 5 }", #"{"a":"5"}"#),
        ("{ on: 1, 5: x }", #"{"5":"x","on":1}"#),
    ])
    func `a mapping becomes JSON with its types`(yaml: String, json: String) throws {
        #expect(try route("on: push, with: \(yaml)")?.with == json)
    }

    @Test(arguments: [
        ("5", "4:41: routes[0].with must be a mapping, not '5'"),
        ("~", "4:41: routes[0].with must be a mapping, not empty"),
        ("{ a: .inf }", "4:46: routes[0].with.a is a number that JSON cannot hold: '.inf'"),
        ("{ a: [1e999] }", "4:47: routes[0].with.a[0] is a number that JSON cannot hold: '1e999'"),
        (
            "{ a: { b: 1, b: 2 } }",
            "4:54: duplicate key 'b' in routes[0].with.a; the first is on line 4"
        ),
        ("{ [a]: 1 }", "4:43: a key of routes[0].with is not a text"),
    ])
    func `what JSON cannot hold is an error`(yaml: String, message: String) throws {
        #expect(try mistakes(route: "on: push, with: \(yaml)") == [message])
    }
}

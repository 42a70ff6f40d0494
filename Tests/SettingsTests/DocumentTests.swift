import Testing

@testable import Settings

@Suite
struct DocumentTests {
    @Test(arguments: [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("---\n", "is empty"),
        ("null", "1:1: the configuration must be a mapping, not empty"),
        ("hello", "1:1: the configuration must be a mapping, not 'hello'"),
        ("- a\n- b\n", "1:1: the configuration must be a mapping, not a list"),
    ])
    func `a file that is no mapping is an error`(yaml: String, message: String) throws {
        #expect(try mistakes(yaml) == [message])
    }

    @Test(arguments: [
        (
            "ingress:\n  path: [a\nstore: x\n",
            "3:6: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence "
                + "on line 2"
        ),
        (
            "a: b: c\n",
            "1:5: not valid YAML: mapping values are not allowed in this context"
        ),
        (
            "routes:\n  - { on: * }\n",
            "2:11: not valid YAML: text that starts with '*' needs quotes, as in \"*\""
        ),
        (
            "worker:\n\tslots: 3\n",
            "2:1: not valid YAML: a tab stands here; indent with spaces"
        ),
        (
            "worker:\n  slots: 3\nstore: 'a/queue.db\nlog: { level: info }\n",
            "3:8: not valid YAML: the quotation mark that opens here is never closed"
        ),
        ("store: !!binary aGVsbG8=\n", "1:8: the tag '!!binary' is not supported: leave it out"),
        ("worker: !foo\n  slots: 3\n", "1:9: the tag '!foo' is not supported: leave it out"),
        ("trust: { owners: !!set [1] }\n", "1:18: the tag '!!set' is not supported: leave it out"),
        ("store: *nothing\n", "1:8: not valid YAML: found undefined alias"),
        (
            "store: &a [*a]\n",
            "1:12: not valid YAML: found undefined alias"
        ),
        ("store: x\n---\nstore: y\n", "2:1: a second document starts here; only one is allowed"),
        (
            "worker: x\nstore: a\u{0}b\n",
            "2:9: not valid YAML: control characters are not allowed"
        ),
    ])
    func `an error of syntax has its place`(yaml: String, message: String) throws {
        #expect(try mistakes(yaml) == [message])
    }

    @Test
    func `bytes that are not UTF-8 have their line`() throws {
        let bytes = Array("store: ä\nworker: ".utf8) + [0xFF, 0x0A]
        #expect(try mistakes(bytes: bytes) == ["2:1: this line is not UTF-8"])
    }

    @Test
    func `a byte order mark and line breaks of Windows are accepted`() throws {
        let text = "\u{FEFF}\(ingressLine)\r\nworker: { slots: 3 }\r\n"
        #expect(try load(text).worker.slots == 3)
    }

    @Test
    func `a very short text is read right`() throws {
        let unknown = try mistakes("a: 1").first
        #expect(unknown?.hasPrefix("1:1: unknown key 'a' at the top level; it may have ") == true)
    }

    @Test(arguments: [
        (
            "a: [",
            "1:5: not valid YAML: did not find expected node content while parsing a flow node on "
                + "line 1"
        ),
        (
            "a: [\n",
            "2:1: not valid YAML: did not find expected node content while parsing a flow node on "
                + "line 2"
        ),
        (
            "a: \"x\n\n",
            "1:4: not valid YAML: the quotation mark that opens here is never closed"
        ),
    ])
    func `an error at the end of a very short text is in it`(
        yaml: String,
        message: String
    ) throws {
        #expect(try mistakes(yaml) == [message])
    }

    @Test
    func `a file that is too large is not read`() throws {
        let text = "#" + String(repeating: " ", count: 1 << 20)
        #expect(try mistakes(text) == ["is larger than 1MiB"])
    }

    @Test
    func `aliases of aliases do not hang`() throws {
        var lines = ["a0: &a0 [x, x]"]
        for index in 1...60 {
            lines.append("a\(index): &a\(index) [*a\(index - 1), *a\(index - 1)]")
        }
        #expect(
            try mistakes(lines.joined(separator: "\n"))
                == ["holds more than 200000 values: check its aliases"]
        )
    }

    @Test
    func `nesting has an end`() throws {
        let depth = 500
        let text =
            "a: " + String(repeating: "[", count: depth)
            + String(repeating: "]", count: depth)
        #expect(try mistakes(text) == ["1:67: values are nested more than 64 levels deep"])
    }

    @Test
    func `a long chain of aliases does not end the process`() throws {
        var text = "a0: &a0 x\n"
        for index in 1...30_000 { text += "a\(index): &a\(index) [*a\(index - 1)]\n" }
        #expect(try mistakes(text).count == 1)
    }

    @Test
    func `an anchor may be used again`() throws {
        let configuration = try load(
            """
            \(ingressLine)
            handlers:
              a: { exec: [/bin/sh], retry: &retry { attempts: 3 } }
              b: { exec: [/bin/sh], retry: *retry }
            """
        )
        #expect(configuration.handlers.map(\.retry.attempts) == [3, 3])
    }
}

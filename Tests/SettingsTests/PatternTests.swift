import Testing

@testable import Settings

/// Globs and expressions: what they match, and that nobody can make them slow.
@Suite
struct PatternTests {
    private static let padding = String(repeating: "p", count: 80)
    private static let long = "**/" + padding

    /// A pattern, names that fit, and names that do not.
    static let globs: [(String, [String], [String])] = [
        ("main", ["main"], ["Main", "main2", "", "mai"]),
        ("", [""], ["a"]),
        ("*", ["", "a", "main"], ["a/b", "/"]),
        ("**", ["", "a", "a/b/c", "/"], []),
        ("a/*", ["a/", "a/b"], ["a", "a/b/c", "b/a"]),
        ("a/**", ["a/", "a/b", "a/b/c"], ["a", "b"]),
        ("**/a", ["a", "b/a", "c/b/a"], ["ba", "a/b"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "a/b/c"]),
        ("a**b", ["ab", "a/b", "axxb"], ["a", "ba"]),
        ("*.md", [".md", "a.md"], ["a/b.md", "a.mdx"]),
        ("**/*.md", ["a.md", "x/y/a.md"], ["a.txt"]),
        ("v?", ["v1", "vü"], ["v", "v12", "v/"]),
        ("v[0-9]", ["v1"], ["va", "v", "v12"]),
        ("[!a]", ["b", "漢"], ["a", "/", ""]),
        ("[^a]", ["b"], ["a"]),
        ("[]]", ["]"], ["a"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[\\]]x", ["]x"], ["\\x"]),
        ("{a,b}c", ["ac", "bc"], ["c", "abc"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"], ["b", "d"]),
        ("{a,}b", ["ab", "b"], ["a"]),
        ("{v*,release/**}", ["v1", "release/1/2"], ["v/1", "x"]),
        ("\\*", ["*"], ["a"]),
        ("a,b", ["a,b"], ["a"]),
        ("🫖*", ["🫖", "🫖x"], ["x"]),
        // A segment begins where an alternative begins that stands at the beginning of one.
        ("{**/*.md,docs/**}", ["README.md", "a/b.md", "docs/x"], ["a.txt", "xdocs/x"]),
        ("src/{**/a,b}", ["src/a", "src/x/a", "src/b"], ["src/xa", "src/x/b"]),
        ("{x,{**/a,b}}", ["a", "c/a", "b", "x"], ["ca"]),
        ("{a/,b/}**/c", ["a/c", "b/x/c"], ["c", "a/xc"]),
        ("{,a/}**/c", ["c", "a/c", "x/c", "a/x/c"], ["xc"]),
        ("{a,b}**/c", ["a/c", "bx/c"], ["ac", "c"]),
        ("x{**/a,b}", ["x/a", "xy/a", "xb"], ["xa"]),
        ("?**/a", ["x/a"], ["xa"]),
        ("[x]**/a", ["x/a"], ["xa"]),
        // Of more positions than a word has bits.
        (long, ["a/" + padding, padding, "é/" + padding], ["a" + padding, padding + "x"]),
        (long + "[é-ü]*", [padding + "ö", "b/" + padding + "éx"], [padding, padding + "/ö"]),
        ("**/**/a", ["a", "x/a", "x/y/a"], ["xa"]),
        // By bytes: one form of an accent is not the other.
        ("caf\u{E9}", ["caf\u{E9}"], ["cafe\u{301}"]),
        ("caf\u{E9}*", ["caf\u{E9}s"], ["cafe\u{301}s"]),
        ("K", ["K"], ["\u{212A}"]),
    ]

    @Test(arguments: globs)
    func `a pattern fits whole names`(source: String, fitting: [String], others: [String]) throws {
        let glob = try Glob(source)
        for name in fitting { #expect(glob.matches(name), "\(source) \(name)") }
        for name in others { #expect(!glob.matches(name), "\(source) \(name)") }
    }

    @Test
    func `names of users are compared whatever the case`() throws {
        let glob = try Glob("LabAdmin/*", ignoresCase: true)
        #expect(glob.matches("labadmin/X") && glob.matches("LABADMIN/x"))
        #expect(try Glob("ab", ignoresCase: true).matches("AB"))
        #expect(try Glob("[a-c]?", ignoresCase: true).matches("Bx"))
        #expect(try !Glob("[!a]", ignoresCase: true).matches("A"))
    }

    @Test(arguments: [
        ("k", "\u{212A}"), ("\u{212A}", "k"), ("\u{212A}", "K"), ("\u{17F}", "s"),
        ("\u{17F}", "S"), ("\u{E9}", "\u{C9}"), ("i", "\u{130}"),
    ])
    func `names of users are ASCII, and other letters have no case`(
        pattern: String,
        name: String
    ) throws {
        #expect(try !Glob(pattern, ignoresCase: true).matches(name))
        #expect(try Glob(pattern, ignoresCase: true).matches(pattern))
    }

    @Test
    func `what is written otherwise is another test`() throws {
        #expect(try Glob("caf\u{E9}*") != Glob("cafe\u{301}*"))
        #expect(TextTest.equals("caf\u{E9}") != .equals("cafe\u{301}"))
        #expect(TextTest.prefix("K") == .prefix("K") && TextTest.prefix("K") != .equals("K"))
        #expect(try Expression("K") != Expression("\u{212A}"))
    }

    /// An expression, texts in which it is found, and texts in which it is not.
    static let expressions: [(String, [String], [String])] = [
        ("a", ["a", "bab"], ["", "b"]),
        ("", ["", "x"], []),
        ("^a", ["a", "ab"], ["ba"]),
        ("a$", ["a", "ba"], ["ab"]),
        ("^$", [""], ["a"]),
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("^(a|b)+$", ["a", "abba"], ["", "abc"]),
        ("a.c", ["abc", "a/c", "aüc"], ["ac", "a\nc"]),
        ("a?b", ["b", "ab"], ["a"]),
        ("^a*$", ["", "aaa"], ["ab"]),
        ("^a{2}$", ["aa"], ["a", "aaa"]),
        ("^a{2,}$", ["aa", "aaaa"], ["a"]),
        ("^a{1,2}$", ["a", "aa"], ["", "aaa"]),
        ("^a{0}b$", ["b"], ["ab"]),
        ("^(?:ab){2}$", ["abab"], ["ab"]),
        ("^a+?$", ["aa"], ["ab"]),
        ("[0-9]+-[a-f]", ["12-a"], ["12-g", "-a"]),
        ("^[^0-9]$", ["a", "漢"], ["1", ""]),
        ("^[]a]$", ["]", "a"], ["b"]),
        ("^[a-]$", ["a", "-"], ["b"]),
        ("^[\\d_]$", ["1", "_"], ["a"]),
        ("^[^\\W]$", ["a", "1"], ["-"]),
        ("^\\d\\s\\w$", ["1 a"], ["a 1"]),
        ("^\\D\\S\\W$", ["ab-"], ["1b-", "a -", "aba"]),
        ("\\[WIP\\]", ["[WIP] x"], ["WIP"]),
        ("\\.\\*", [".*"], ["a*"]),
        ("(?i)wip", ["WIP", "wip", "Wip"], ["w"]),
        ("(?i)^ä", ["Ä", "ä"], ["a"]),
        ("(?i)^[a-c]$", ["A", "b"], ["d"]),
        ("(?i)^[^a]$", ["b"], ["A", "a"]),
        ("(|a)b", ["b", "ab"], ["a"]),
        ("漢字?", ["漢", "x漢字"], ["字"]),
        ("^((((a{9}){0}){99}){99})$", [""], ["a"]),
    ]

    @Test(arguments: expressions)
    func `an expression is found anywhere`(
        source: String,
        found: [String],
        others: [String]
    ) throws {
        let expression = try Expression(source)
        for text in found { #expect(expression.matches(text), "\(source) \(text)") }
        for text in others { #expect(!expression.matches(text), "\(source) \(text)") }
    }

    @Test(arguments: [
        "(a+)+$", "(a|a)*$", "(a*)*b", "(.*)*x$", "(a|aa)+$", "^(a?){40}a{40}$",
        "(.*a){20}$", "([a-z]+)*[0-9]$",
    ])
    func `no text makes an expression slow`(source: String) throws {
        let expression = try Expression(source)
        let test = TextTest.matches(expression)
        let text = String(repeating: "a", count: 1 << 20) + "!"
        let clock = ContinuousClock()
        // Going back and trying again would take longer than the universe is old.
        let time = clock.measure { _ = test.accepts(text) }
        #expect(time < .seconds(20))
    }

    @Test
    func `no name makes a pattern slow`() throws {
        let glob = try Glob("**/*a*/**/*a*/**/*a*/**b")
        let name = String(repeating: "a/", count: 2_000)
        let clock = ContinuousClock()
        let time = clock.measure { _ = glob.matches(name) }
        #expect(time < .seconds(20))
    }

    @Test
    func `only the beginning of a long text is looked at`() throws {
        let test = TextTest.matches(try Expression("x$"))
        let start = String(repeating: "a", count: Limits.matchedLengthMax - 1) + "x"
        #expect(test.accepts(start + "y"))
        #expect(!test.accepts("y" + start))
    }
}

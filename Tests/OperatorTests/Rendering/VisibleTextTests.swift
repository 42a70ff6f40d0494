import ArgumentParser
import Foundation
import QueueCore
import Testing

@testable import Operator

/// What strangers wrote, on a terminal.
@Suite
struct VisibleTextTests {
    /// Clears the screen, sets a title, rings, and so once more in C1, then turns the writing.
    private static let hostile = "tea \u{1B}[2J\u{1B}]0;changed\u{07}\u{9B}2J\u{7F}\u{61C}\u{202E}"
    private static let harmless =
        #"tea \u{1b}[2J\u{1b}]0;changed\u{7}\u{9b}2J\u{7f}\u{61c}\u{202e}"#

    @Test
    func `a line shows all that a terminal would obey`() {
        #expect(VisibleText.line(Self.hostile + "\n\t") == Self.harmless + #"\n\t"#)
    }

    @Test
    func `lines keep their line feeds and tabs, and no carriage returns`() {
        #expect(VisibleText.lines("a\tb\r\n\(Self.hostile)") == "a\tb\\r\n\(Self.harmless)")
    }

    @Test
    func `what a handler printed and a body are escaped on a terminal, and end their line`() {
        let bytes = Data(Array(Self.hostile.utf8) + [0x9B, 0x0A, 0x62])
        let shown = String(decoding: StandardOutput.shown(bytes), as: UTF8.self)
        #expect(shown == Self.harmless + "\u{FFFD}\nb\n")
        #expect(StandardOutput.shown(Data()).isEmpty)
    }

    @Test
    func `of escape sequences only our own colours reach a terminal`() {
        let cell = Cell(Self.hostile, tone: .bad)
        let table = Table(header: ["title"], rows: [[cell]])
        let text = table.text(on: Terminal(width: nil, hasColor: true))
        #expect(VisibleText.painted(text) == text)
        #expect(
            VisibleText.painted("\u{1B}[31mred\u{1B}[0m" + Self.hostile + "\n")
                == "\u{1B}[31mred\u{1B}[0m" + Self.harmless + "\n"
        )
        #expect(VisibleText.painted("\u{1B}[3") == #"\u{1b}[3"#)
    }

    @Test
    func `JSON says the same in escapes of its own`() throws {
        let value = JSONValue.object([
            ("text", .string(Self.hostile)),
            ("stored", .embedding("{\"a\": \"\u{9B}2J\u{202E}\"}")),
        ])
        let text = value.compact
        #expect(text.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) }, "\(text)")
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(parsed?["text"] as? String == Self.hostile)
        #expect((parsed?["stored"] as? [String: Any])?["a"] as? String == "\u{9B}2J\u{202E}")
    }

    @Test(arguments: [["jobs", "output", "5"], ["deliveries", "body", "17"]])
    func `--raw lets the terminal have the bytes`(words: [String]) throws {
        for (words, isRaw) in [(words, false), (words + ["--raw"], true)] {
            let command = try OperatorCommand.parseAsRoot(words)
            let raw =
                (command as? JobsOutputCommand)?.rawOption.raw
                ?? (command as? DeliveriesBodyCommand)?.rawOption.raw
            #expect(raw == isRaw)
        }
    }
}

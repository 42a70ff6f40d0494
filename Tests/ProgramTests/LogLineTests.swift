import Foundation
import Logging
import Testing

@testable import Program

@Suite
struct LogLineTests {
    private func line(
        _ message: String = "delivery routed",
        _ metadata: Logger.Metadata = [:],
        level: Logger.Level = .info
    ) -> LogLine {
        LogLine(
            level: level,
            program: "worker",
            message: message,
            metadata: metadata,
            time: LogTime(microsecondsSince1970: 1_790_000_000_000_042)
        )
    }

    private static let nasty = [
        "", " ", "two\nlines", "carriage\rreturn", "a \"quoted\" one", "back\\slash", "nul\0",
        "escape \u{1B}[31m", "next line\u{85}", "separators \u{2028}\u{2029}", "grün ☕️ 茶",
        "tab\t", "{\"a\":1}", "a=b c=d", "\u{7F}", "\u{FFFD}", "turned \u{61C}\u{202E}around",
        "turned \u{200F}\u{2067}too",
    ]

    @Test
    func `json is one flat object with the time in microseconds`() throws {
        let text = line("delivery routed", ["delivery.id": "abc", "job.id": "5"]).text(.json)
        #expect(
            text == """
                {"time":"2026-09-21T14:13:20.000042Z","level":"info","program":"worker",\
                "message":"delivery routed","delivery.id":"abc","job.id":"5"}

                """
        )
    }

    @Test(arguments: nasty)
    func `json is one line and says the same, whatever is in it`(_ text: String) throws {
        let json = line(text, ["error": "\(text)", "\(text)x": "1"]).text(.json)
        #expect(json.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(json.hasSuffix("}\n"))
        #expect(
            !json.unicodeScalars.dropLast().contains { $0.properties.isWhitespace && $0 != " " }
        )
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        #expect(object?["message"] == text)
        #expect(object?["error"] == text)
        #expect(object?["\(text)x"] == "1")
        #expect(object?.count == 6)
    }

    @Test
    func `what is nested becomes names with dots, and own names stay the line's`() throws {
        let json = line(
            "m",
            [
                "a": ["b": ["c": "1"], "d": ["x", "y"]], "level": "high",
                "n": .stringConvertible(5),
            ]
        ).text(.json)
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        #expect(
            object == [
                "time": "2026-09-21T14:13:20.000042Z", "level": "info", "program": "worker",
                "message": "m", "a.b.c": "1", "a.d.0": "x", "a.d.1": "y", "metadata.level": "high",
                "n": "5",
            ]
        )
    }

    @Test(arguments: nasty)
    func `text is one line that a terminal does not obey`(_ text: String) {
        for form in [LogForm.text(isColored: false), .journal] {
            let line = line(text, ["error": "\(text)"]).text(form)
            #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
            #expect(line.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 })
            let obeyed: Set<UInt32> = [
                0x1B, 0x7F, 0x85, 0x61C, 0x200F, 0x2028, 0x202E, 0x2067,
            ]
            #expect(!line.unicodeScalars.contains { obeyed.contains($0.value) })
        }
    }

    @Test
    func `a value with a sign of equality in it does not look like two fields`() {
        let text = line("m", ["path": "/x?answer=accepted"]).text(.journal)
        #expect(text == "<6>m path=\"/x?answer=accepted\"\n")
    }

    @Test
    func `text has time, level, program, message and sorted details`() {
        let text = line("m", ["b": "two words", "a": "1"], level: .warning)
            .text(.text(isColored: false))
        #expect(text.hasSuffix(" WARN  worker  m a=1 b=\"two words\"\n"))
        #expect(text.prefix(12).wholeMatch(of: /\d\d:\d\d:\d\d\.000/) != nil)
        #expect(
            line(level: .error).text(.text(isColored: true)).contains("\u{1B}[31mERROR\u{1B}[0m")
        )
    }

    @Test(arguments: [
        (Logger.Level.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3),
        (.critical, 2),
    ])
    func `under the journal a line is its level, message and details`(
        _ level: Logger.Level,
        _ priority: Int
    ) {
        #expect(line("m", ["a": "1"], level: level).text(.journal) == "<\(priority)>m a=1\n")
    }

    @Test
    func `a value that has no end is cut`() throws {
        let json = line("m", ["error": "\(String(repeating: "é", count: 100_000))"]).text(.json)
        #expect(json.utf8.count < 16 << 10)
        #expect(json.contains("é…\""))
    }
}

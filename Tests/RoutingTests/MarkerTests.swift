import Testing

@testable import Routing

@Suite
struct MarkerTests {
    /// A text, and the marker in it.
    static let texts: [(String, String?)] = [
        ("<!-- samovar -->", "samovar|"),
        ("<!--samovar-->", "samovar|"),
        ("<!-- samovar: -->", "samovar|"),
        ("<!-- samovar: job=5 delivery=d12c -->", "samovar|job=5 delivery=d12c"),
        ("<!-- samovar job=5 -->", "samovar|job=5"),
        ("<!--samovar:job=5-->", "samovar|job=5"),
        ("text\n<!-- samovar: job=5 -->", "samovar|job=5"),
        ("<!-- samovar: job=5 -->\n\ntext", "samovar|job=5"),
        ("text\r\n<!-- samovar: job=5 -->\r\nmore", "samovar|job=5"),
        ("  \t<!-- samovar: job=5 -->  ", "samovar|job=5"),
        ("<!-- agent: 1 -->\n<!-- samovar: 2 -->", "agent|1"),
        // Another word.
        ("<!-- samovars: job=5 -->", nil),
        ("<!-- samovar-x -->", nil),
        ("<!-- other -->", nil),
        ("<!-- Samovar -->", nil),
        ("<!-- the samovar -->", nil),
        // Quoted, in a line, not closed, not a comment.
        ("> <!-- samovar: job=5 -->", nil),
        ("see <!-- samovar: job=5 -->", nil),
        ("<!-- samovar: job=5 --> see", nil),
        ("`<!-- samovar: job=5 -->`", nil),
        ("<!-- samovar: job=5", nil),
        ("<!-- samovar:\njob=5 -->", nil),
        ("samovar: job=5", nil),
        ("<!-->", nil),
        ("<!--->", nil),
        ("<!---->", nil),
        ("<!-- -->", nil),
        ("", nil),
        ("\n\n", nil),
    ]

    @Test(arguments: texts)
    func `a marker stands on a line of its own`(text: String, expected: String?) {
        let marker = Marker.first(in: text, words: ["samovar", "agent"])
        #expect(marker.map { "\($0.word)|\($0.note)" } == expected)
    }

    @Test
    func `a long note is shown in part`() {
        let note = String(repeating: "x", count: 1000)
        let marker = Marker.first(in: "<!-- samovar: \(note) -->", words: ["samovar"])
        #expect(marker?.note == note)
        #expect(marker?.shown == "the marker samovar: " + note.prefix(100))
    }
}

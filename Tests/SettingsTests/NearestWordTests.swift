import Testing

@testable import Settings

@Suite
struct NearestWordTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("slot", "slots", 1), ("no", "on", 1),
        ("kitten", "sitting", 3), ("abc", "abc", 0), ("lisetn", "listen", 1),
    ])
    func `a distance counts edits`(first: String, second: String, distance: Int) {
        #expect(NearestWord.distance(first, second) == distance)
        #expect(NearestWord.distance(second, first) == distance)
    }

    @Test(arguments: [
        ("slot", "slots"), ("Slots", "slots"), ("maxBody", "max_body"), ("no", "on"),
        ("body", "max_body"), ("x", nil), ("zebra", nil), ("run", nil), ("", nil),
    ])
    func `a word is suggested only when it is near`(word: String, nearest: String?) {
        #expect(NearestWord.to(word, among: ["slots", "max_body", "on"]) == nearest)
    }

    @Test
    func `long texts are not compared`() {
        let text = String(repeating: "x", count: 100_000)
        #expect(NearestWord.to(text, among: ["slots"]) == nil)
    }
}

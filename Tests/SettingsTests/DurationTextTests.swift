import Testing

@testable import Settings

@Suite
struct DurationTextTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
        ("2h", .seconds(7_200)), ("7d", .seconds(604_800)), ("1h30m", .seconds(5_400)),
        ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("0s", .zero),
    ])
    func `a duration is read and written`(text: String, duration: Duration) throws {
        #expect(try DurationText.parse(text) == duration)
        #expect(DurationText.text(of: duration) == text)
    }

    @Test
    func `a long duration is written with larger units`() {
        #expect(DurationText.text(of: .seconds(90)) == "1m30s")
    }

    @Test(arguments: [
        "soon", "s", "30 s", "1.5h", "-5s", "30m1h", "1s1s", "5x", "1h30", "99999999999d", "٣s",
        "1hs",
    ])
    func `what is no duration is refused`(text: String) {
        let message = "must be a duration such as 30s, 5m or 1h30m, not '\(text)'"
        #expect(throws: UnfitText(message)) { try DurationText.parse(text) }
    }

    @Test
    func `a bare number needs a unit`() {
        #expect(throws: UnfitText("needs a unit such as s, m or h: '30s'")) {
            try DurationText.parse("30")
        }
    }

    @Test
    func `a bare number is shown with a unit only if that would be accepted`() {
        var advice = DurationAdvice.short
        advice.range = .seconds(60) ... .seconds(3600)
        #expect(advice.missingUnit(of: "60") == "needs a unit such as s, m or h: '60s'")
        #expect(advice.missingUnit(of: "59") == "needs a unit such as s, m or h")
        #expect(advice.missingUnit(of: "99999999999") == "needs a unit such as s, m or h")
    }

    @Test
    func `the longest text that is read does not overflow`() throws {
        let text = "9999999999d9999999999h9999999999m9999999999s9999999999ms"
        #expect(try DurationText.parse(text) > .seconds(86_400) * 9_999_999_999)
    }
}

import Testing

@testable import Telemetry

/// Families that a changed configuration brings more labels to.
@Suite
struct GrowthTests {
    private struct Word: MetricLabel {
        static let labelName = "word"
        var labelValue: String
    }

    private let tea = Word(labelValue: "tea")
    private let pot = Word(labelValue: "pot")
    private let cup = Word(labelValue: "cup")

    @Test
    func `what was counted stays, whatever labels come and go`() {
        let counters = Counters("words_total", "Words.", LabelSet([tea, pot]))
        counters.add(3, to: pot)
        counters.grow(by: LabelSet([cup, pot]))
        counters.add(to: cup)
        counters.add(to: tea)
        counters.grow(by: LabelSet([cup]))
        let lines = Exposition([counters]).text.split(separator: "\n").suffix(3)
        #expect(
            lines == [
                #"words_total{word="tea"} 1"#, #"words_total{word="pot"} 3"#,
                #"words_total{word="cup"} 1"#,
            ]
        )
    }

    @Test
    func `a histogram grows as well`() {
        let seconds = Histogram("word_seconds", "Words.", .batches, LabelSet([tea]))
        seconds.observe(1, of: tea)
        seconds.grow(by: LabelSet([tea, pot]))
        seconds.observe(2, of: pot)
        let text = Exposition([seconds]).text
        #expect(text.contains("word_seconds_sum{word=\"tea\"} 1\n"))
        #expect(text.contains("word_seconds_sum{word=\"pot\"} 2\n"))
        #expect(text.contains("word_seconds_count{word=\"pot\"} 1\n"))
    }
}

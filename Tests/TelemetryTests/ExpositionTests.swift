import TestSupport
import Testing

@testable import Telemetry

private enum Colour: String, CaseIterable, MetricLabel {
    static let labelName = "colour"
    case red
    case blue
}

private struct Word: MetricLabel {
    static let labelName = "word"
    var labelValue: String
}

@Suite
struct ExpositionTests {
    @Test
    func `the text is what the format says, byte for byte`() {
        let counter = Counter("tea_total", "Cups.")
        counter.add()
        counter.add(2)
        let counters = Counters("tea_by_colour_total", "Cups by colour.", LabelSet<Colour>.all)
        counters.add(to: .blue)
        let gauge = Gauge("tea_left", "Cups left.")
        gauge.set(-4)
        let seconds = Histogram("tea_seconds", "Time.", .batches, LabelSet<Colour>([.red]))
        seconds.observe(.milliseconds(1500), of: .red)
        let text = Exposition([counter, counters, gauge, seconds]).text
        #expect(
            text.hasPrefix(
                """
                # HELP tea_total Cups.
                # TYPE tea_total counter
                tea_total 3
                # HELP tea_by_colour_total Cups by colour.
                # TYPE tea_by_colour_total counter
                tea_by_colour_total{colour="red"} 0
                tea_by_colour_total{colour="blue"} 1
                # HELP tea_left Cups left.
                # TYPE tea_left gauge
                tea_left -4
                # HELP tea_seconds Time.
                # TYPE tea_seconds histogram
                tea_seconds_bucket{colour="red",le="1"} 0
                tea_seconds_bucket{colour="red",le="2"} 1

                """
            )
        )
        #expect(
            text.hasSuffix(
                """
                tea_seconds_bucket{colour="red",le="+Inf"} 1
                tea_seconds_sum{colour="red"} 1.5
                tea_seconds_count{colour="red"} 1

                """
            )
        )
    }

    @Test
    func `labels and help survive the way through the text, whatever is in them`() throws {
        let words = [
            "", "plain", "a \"quoted\" one", "back\\slash", "two\nlines", "grün {x=\"1\"} ,",
        ]
        let counters = Counters(
            "tea_total",
            "A \\ and\na line.",
            LabelSet(words.map(Word.init(labelValue:)))
        )
        for (count, word) in words.enumerated() { counters.add(count, to: Word(labelValue: word)) }
        let parsed = try ParsedExposition(Exposition([counters]).text)
        #expect(parsed.families["tea_total"]?.help == "A \\ and\na line.")
        for (count, word) in words.enumerated() {
            #expect(parsed.value("tea_total", ["word": word]) == Double(count))
        }
    }

    @Test
    func `a histogram counts what is at a bound below it, and all of it under +Inf`() throws {
        let histogram = Histogram("tea_seconds", "Time.", .writes)
        for value in [0, 0.001, 0.0011, 3, 3.1, 1e9] { histogram.observe(value) }
        // A clock that was set back counts as nothing, not as less than nothing.
        histogram.observe(.seconds(-5))
        let parsed = try ParsedExposition(Exposition([histogram]).text)
        #expect(parsed.value("tea_seconds_bucket", ["le": "5e-05"]) == 2)
        #expect(parsed.value("tea_seconds_bucket", ["le": "0.001"]) == 3)
        #expect(parsed.value("tea_seconds_bucket", ["le": "0.002"]) == 4)
        #expect(parsed.value("tea_seconds_bucket", ["le": "3"]) == 5)
        #expect(parsed.value("tea_seconds_bucket", ["le": "+Inf"]) == 7)
        #expect(parsed.value("tea_seconds_count") == 7)
    }

    @Test
    func `all pairs of two labels are there from the start`() throws {
        let words = LabelSet([Word(labelValue: "a"), Word(labelValue: "b")])
        let counters = Counters("tea_total", "Cups.", words.times(LabelSet<Colour>.all))
        counters.add(5, to: Word(labelValue: "b"), .red)
        let parsed = try ParsedExposition(Exposition([counters]).text)
        #expect(parsed.families["tea_total"]?.samples.count == 4)
        #expect(parsed.value("tea_total", ["word": "b", "colour": "red"]) == 5)
        #expect(parsed.value("tea_total", ["word": "a", "colour": "blue"]) == 0)
    }

    @Test
    func `what is not known is not shown`() throws {
        let parsed = try ParsedExposition(
            Exposition([
                Reading("tea_left", "Cups.") { nil },
                Readings("tea_by_colour", "Cups.", LabelSet<Colour>.all) { [.red: 0.25] },
            ]).text
        )
        #expect(parsed.names == ["tea_left", "tea_by_colour"])
        #expect(parsed.families["tea_left"]?.samples.isEmpty == true)
        #expect(parsed.families["tea_by_colour"]?.samples.count == 1)
        #expect(parsed.value("tea_by_colour", ["colour": "red"]) == 0.25)
    }

    @Test
    func `counts of many threads are all counted`() async throws {
        let counter = Counter("tea_total", "Cups.")
        let counters = Counters("tea_by_colour_total", "Cups.", LabelSet<Colour>.all)
        let histogram = Histogram("tea_seconds", "Time.", .writes)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5000 {
                        counter.add()
                        counters.add(to: .red)
                        histogram.observe(0.5)
                    }
                }
            }
        }
        let parsed = try ParsedExposition(Exposition([counter, counters, histogram]).text)
        #expect(parsed.value("tea_total") == 40_000)
        #expect(parsed.value("tea_by_colour_total", ["colour": "red"]) == 40_000)
        #expect(parsed.value("tea_seconds_sum") == 20_000)
    }

    @Test
    func `a word outside of the set ends the process`() async {
        await #expect(processExitsWith: .failure) {
            Counters("tea_total", "Cups.", LabelSet([Word(labelValue: "a")]))
                .add(to: Word(labelValue: "b"))
        }
    }

    @Test
    func `a name against the conventions ends the process`() async {
        await #expect(processExitsWith: .failure) { _ = Counter("tea", "Cups.") }
        await #expect(processExitsWith: .failure) { _ = Gauge("tea_total", "Cups.") }
        await #expect(processExitsWith: .failure) { _ = Gauge("Tea", "Cups.") }
        await #expect(processExitsWith: .failure) {
            _ = Exposition([Gauge("tea", "Cups."), Gauge("tea", "Cups.")])
        }
    }

    @Test
    func `the parser refuses what Prometheus would misread`() {
        let head = "# HELP tea_total Cups.\n# TYPE tea_total counter\n"
        for text in [
            "tea_total 1\n", head + "tea_total 1", head + "tea_total one\n",
            head + "other_total 1\n",
            head + "tea_total{a=\"1} 1\n", head + "tea_total{a=\"\\x\"} 1\n",
            head + "tea_total 1\ntea_total 1\n", head + head, "# TYPE tea_total counter\n",
            "# HELP tea Cups.\n# TYPE tea counter\n", head + "tea_total{a=\"1\" b=\"2\"} 1\n",
            "# HELP t T.\n# TYPE t histogram\nt_bucket{le=\"1\"} 2\nt_sum 1\nt_count 2\n",
        ] {
            #expect(throws: ParsedExposition.Malformed.self, "\(text)") {
                try ParsedExposition(text)
            }
        }
    }

    @Test
    func `a process shows what Prometheus's own clients show`() throws {
        let text = Exposition(ProcessMetrics.all(program: "tea\"pot", version: "1.2.3")).text
        let parsed = try ParsedExposition(text)
        let build = ["program": "tea\"pot", "version": "1.2.3"]
        #expect(parsed.value("samovar_build_info", build) == 1)
        #expect(try #require(parsed.value("process_resident_memory_bytes")) > 1_048_576)
        #expect(try #require(parsed.value("process_virtual_memory_bytes")) > 1_048_576)
        #expect(try #require(parsed.value("process_open_fds")) >= 3)
        #expect(try #require(parsed.value("process_max_fds")) >= 64)
        #expect(try #require(parsed.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(parsed.value("process_start_time_seconds")) > 1_700_000_000)
    }
}

import Synchronization

/// Counts one kind of thing since the process started.
package final class Counter: Metric {
    package let header: MetricHeader
    private let count = Atomic(0)

    package init(_ name: String, _ help: String) {
        header = MetricHeader(name, help, .counter)
    }

    /// What was counted so far.
    package var value: Int { count.load(ordering: .relaxed) }

    package func add(_ more: Int = 1) {
        count.wrappingAdd(more, ordering: .relaxed)
    }

    package func write(to exposition: inout Exposition) {
        exposition.sample(header.name, "", value)
    }
}

/// Counts by label.
package final class Counters<Label: Hashable & Sendable>: Metric {
    package let header: MetricHeader
    private let series: Mutex<(labels: LabelSet<Label>, values: [Int])>

    package init(_ name: String, _ help: String, _ labels: LabelSet<Label>) {
        header = MetricHeader(name, help, .counter)
        series = Mutex((labels, Array(repeating: 0, count: labels.texts.count)))
    }

    package func add(_ count: Int = 1, to label: Label) {
        series.withLock { series in
            let place = series.labels.place(of: label)
            series.values[place] += count
        }
    }

    /// Counts by these labels, too, which a changed configuration brought; none is ever taken
    /// away, as a counter must not go back.
    package func grow(by more: LabelSet<Label>) {
        series.withLock { series in
            let labels = series.labels.joined(with: more)
            let count = labels.texts.count - series.values.count
            series = (labels, series.values + Array(repeating: 0, count: count))
        }
    }

    package func write(to exposition: inout Exposition) {
        let (labels, values) = series.withLock { ($0.labels, $0.values) }
        for (text, value) in zip(labels.texts, values) {
            exposition.sample(header.name, text, value)
        }
    }
}

extension Counters {
    /// Counts by two labels.
    package func add<First, Second>(_ count: Int = 1, to first: First, _ second: Second)
    where Label == LabelPair<First, Second> {
        add(count, to: LabelPair(first, second))
    }
}

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
    private let labels: LabelSet<Label>
    private let values: Mutex<[Int]>

    package init(_ name: String, _ help: String, _ labels: LabelSet<Label>) {
        header = MetricHeader(name, help, .counter)
        self.labels = labels
        values = Mutex(Array(repeating: 0, count: labels.texts.count))
    }

    package func add(_ count: Int = 1, to label: Label) {
        let place = labels.place(of: label)
        values.withLock { $0[place] += count }
    }

    package func write(to exposition: inout Exposition) {
        for (text, value) in zip(labels.texts, values.withLock(\.self)) {
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

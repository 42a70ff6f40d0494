import Synchronization

/// A number that goes up and down, told by whoever changes it.
package final class Gauge: Metric {
    package let header: MetricHeader
    private let value = Atomic(0)

    package init(_ name: String, _ help: String) {
        header = MetricHeader(name, help, .gauge)
    }

    package func set(_ number: Int) {
        value.store(number, ordering: .relaxed)
    }

    package func write(to exposition: inout Exposition) {
        exposition.sample(header.name, "", value.load(ordering: .relaxed))
    }
}

/// A number that is looked up when somebody asks.
package struct Reading: Metric {
    package let header: MetricHeader
    private let look: @Sendable () -> Double?

    /// A family with one sample, or none while `look` returns nil: what is not known is not shown.
    package init(
        _ name: String,
        _ help: String,
        _ kind: MetricHeader.Kind = .gauge,
        _ look: @escaping @Sendable () -> Double?
    ) {
        header = MetricHeader(name, help, kind)
        self.look = look
    }

    package func write(to exposition: inout Exposition) {
        if let value = look() { exposition.sample(header.name, "", value) }
    }
}

/// Numbers by label that are looked up when somebody asks.
package struct Readings<Label: Hashable & Sendable>: Metric {
    package let header: MetricHeader
    private let labels: @Sendable () -> LabelSet<Label>
    private let look: @Sendable () -> [Label: Double]

    /// A family with a sample for each label of the set that `look` returns.
    package init(
        _ name: String,
        _ help: String,
        _ labels: LabelSet<Label>,
        _ look: @escaping @Sendable () -> [Label: Double]
    ) {
        self.init(name, help, { labels }, look)
    }

    /// The same with a set that a changed configuration may replace as a whole.
    package init(
        _ name: String,
        _ help: String,
        _ labels: @escaping @Sendable () -> LabelSet<Label>,
        _ look: @escaping @Sendable () -> [Label: Double]
    ) {
        header = MetricHeader(name, help, .gauge)
        self.labels = labels
        self.look = look
    }

    package func write(to exposition: inout Exposition) {
        let (labels, values) = (labels(), look())
        for (label, text) in zip(labels.all, labels.texts) {
            if let value = values[label] { exposition.sample(header.name, text, value) }
        }
    }
}

import Synchronization

/// How often something took how long, or was how large: fixed buckets.
package final class Histogram<Label: Hashable & Sendable>: Metric {
    private struct Series {
        /// One for each bound, and the last for what is larger; not cumulative.
        var counts: [Int]
        var sum = 0.0

        init(bounds: [Double]) {
            counts = Array(repeating: 0, count: bounds.count + 1)
        }
    }

    package let header: MetricHeader
    private let bounds: [Double]
    private let boundTexts: [String]
    private let all: Mutex<(labels: LabelSet<Label>, series: [Series])>

    package init(_ name: String, _ help: String, _ buckets: Buckets, _ labels: LabelSet<Label>) {
        header = MetricHeader(name, help, .histogram)
        bounds = buckets.bounds
        boundTexts = (buckets.bounds + [.infinity]).map(\.sampleText)
        let empty = Series(bounds: buckets.bounds)
        all = Mutex((labels, Array(repeating: empty, count: labels.texts.count)))
    }

    /// Observes these labels, too, which a changed configuration brought; none is taken away.
    package func grow(by more: LabelSet<Label>) {
        let empty = Series(bounds: bounds)
        all.withLock { all in
            let labels = all.labels.joined(with: more)
            let count = labels.texts.count - all.series.count
            all = (labels, all.series + Array(repeating: empty, count: count))
        }
    }

    package func observe(_ value: Double, of label: Label) {
        // A clock that was set back.
        let value = max(value, 0)
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        all.withLock { all in
            let place = all.labels.place(of: label)
            all.series[place].counts[bucket] += 1
            all.series[place].sum += value
        }
    }

    package func write(to exposition: inout Exposition) {
        let (labels, all) = all.withLock { ($0.labels, $0.series) }
        for (labels, series) in zip(labels.texts, all) {
            let prefix = labels.isEmpty ? "" : labels + ","
            var count = 0
            for (bound, more) in zip(boundTexts, series.counts) {
                count += more
                exposition.sample("\(header.name)_bucket", "\(prefix)le=\"\(bound)\"", count)
            }
            exposition.sample("\(header.name)_sum", labels, series.sum)
            exposition.sample("\(header.name)_count", labels, count)
        }
    }
}

extension Histogram {
    /// Observes a duration in seconds.
    package func observe(_ duration: Duration, of label: Label) {
        observe(duration / .seconds(1), of: label)
    }
}

extension Histogram where Label == Unlabelled {
    package convenience init(_ name: String, _ help: String, _ buckets: Buckets) {
        self.init(name, help, buckets, .one)
    }

    package func observe(_ value: Double) { observe(value, of: Unlabelled()) }

    package func observe(_ duration: Duration) { observe(duration, of: Unlabelled()) }
}

/// The upper bounds of a histogram's buckets, in its unit, growing.
package struct Buckets: Sendable {
    let bounds: [Double]

    private init(_ bounds: [Double]) {
        self.bounds = bounds
    }

    /// Seconds of one write to the store: 50 µs is a commit in memory, 3 s is when the ingress
    /// gives up; close together around 5 and 8 ms, the targets of its tail.
    package static let writes = Buckets([
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.008, 0.015, 0.03, 0.06,
        0.125, 0.25, 0.5, 1, 2, 3,
    ])

    /// Seconds of one attempt: from a script that says no to the agent that works an hour.
    package static let attempts = Buckets([
        0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400,
    ])

    /// Things in one commit: doubling, up to what waits at most.
    package static let batches = Buckets([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096])
}

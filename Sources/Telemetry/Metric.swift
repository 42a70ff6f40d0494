/// One family of metrics, as `/metrics` shows it.
///
/// Own types rather than swift-metrics: its factory makes a metric from any label texts at any
/// time, so the set of series has no end that a reviewer could see; each count is a virtual call
/// behind a lock of the backend's; and the backend, the whole of the work, would be ours anyway.
/// Here labels come from sets that are known at the start, and a count is an array's element.
package protocol Metric: Sendable {
    var header: MetricHeader { get }

    /// Writes the samples that there are now.
    func write(to exposition: inout Exposition)
}

/// What a family is called, and what it means.
package struct MetricHeader: Sendable, Equatable {
    /// The types of the text format that are used here.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package var name: String
    package var help: String
    package var kind: Kind

    /// A header.
    ///
    /// Names are written by programmers, so a bad one is a bug, found at the start.
    package init(_ name: String, _ help: String, _ kind: Kind) {
        precondition(
            name.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == 0x5F },
            "\(name): lower-case letters and underscores"
        )
        precondition(
            name.hasSuffix("_total") == (kind == .counter),
            "\(name): counters, and they alone, end in _total"
        )
        precondition(!help.isEmpty, "\(name): say what it counts")
        self.name = name
        self.help = help
        self.kind = kind
    }
}

/// The text format of Prometheus, version 0.0.4.
///
/// - Source: prometheus.io/docs/instrumenting/exposition_formats
package struct Exposition {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""

    /// All samples of some families, which have different names.
    package init(_ metrics: [any Metric]) {
        var names: Set<String> = []
        for metric in metrics {
            let header = metric.header
            precondition(names.insert(header.name).inserted, "\(header.name) is there twice")
            text += "# HELP \(header.name) \(Self.escaped(header.help, quotes: false))\n"
            text += "# TYPE \(header.name) \(header.kind.rawValue)\n"
            metric.write(to: &self)
        }
    }

    /// Writes one sample; `labels` are rendered, without braces.
    mutating func sample(_ name: String, _ labels: String, _ value: some SampleValue) {
        text += name
        if !labels.isEmpty { text += "{\(labels)}" }
        text += " \(value.sampleText)\n"
    }

    /// One label with its value in quotes.
    static func label(_ name: String, _ value: String) -> String {
        "\(name)=\"\(escaped(value, quotes: true))\""
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// A number as a sample shows it.
protocol SampleValue {
    var sampleText: String { get }
}

extension Int: SampleValue {
    var sampleText: String { String(self) }
}

extension Double: SampleValue {
    var sampleText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        // Without the `.0` of whole numbers, which say what they are.
        if let whole = Int(exactly: self), abs(whole) < 1 << 53 { return String(whole) }
        return description
    }
}

/// The text format of Prometheus 0.0.4, read by its rules and no more leniently.
///
/// - Source: prometheus.io/docs/instrumenting/exposition_formats
package struct ParsedExposition: Sendable {
    package struct Sample: Hashable, Sendable {
        package var name: String
        package var labels: [String: String]
        package var value: Double
    }

    package struct Family: Sendable {
        package var help: String
        package var type: String
        package var samples: [Sample] = []
    }

    package struct Malformed: Error, CustomStringConvertible {
        package var description: String

        fileprivate init(_ what: String, _ line: some StringProtocol) {
            description = "\(what): \(line)"
        }
    }

    package private(set) var families: [String: Family] = [:]
    /// The families in the order of the text.
    package private(set) var names: [String] = []

    /// Reads all of a text.
    package init(_ text: String) throws(Malformed) {
        guard text.hasSuffix("\n") else {
            throw Malformed("no line break at the end", text.suffix(80))
        }
        var current: String?
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("#") else {
                guard let current else { throw Malformed("a sample before any TYPE", line) }
                try add(Self.sample(line), to: current, line)
                continue
            }
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            guard words.count == 4, words[0] == "#" else { throw Malformed("no comment", line) }
            let name = String(words[2])
            switch words[1] {
            case "HELP":
                guard families[name] == nil else { throw Malformed("a second HELP", line) }
                families[name] = Family(help: try Self.unescaped(words[3], quotes: false), type: "")
                names.append(name)
                current = nil
            case "TYPE":
                guard families[name]?.type == "", names.last == name else {
                    throw Malformed("TYPE without its HELP right before", line)
                }
                guard ["counter", "gauge", "histogram"].contains(words[3]) else {
                    throw Malformed("an unknown type", line)
                }
                families[name]?.type = String(words[3])
                current = name
            default: throw Malformed("neither HELP nor TYPE", line)
            }
        }
        for name in names { try check(name) }
    }

    /// The value of one sample.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        families.values.lazy.flatMap(\.samples)
            .first { $0.name == name && $0.labels == labels }?.value
    }

    /// All names that samples have: a histogram has three.
    package var sampleNames: Set<String> {
        Set(
            families.flatMap { name, family in
                family.type == "histogram"
                    ? ["\(name)_bucket", "\(name)_sum", "\(name)_count"] : [name]
            }
        )
    }

    // MARK: Lines

    private mutating func add(
        _ sample: Sample,
        to name: String,
        _ line: Substring
    ) throws(Malformed) {
        let suffixes = families[name]?.type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name + $0 == sample.name }) else {
            throw Malformed("a sample of another family than \(name)", line)
        }
        let isTwice = families[name]?.samples.contains {
            $0.name == sample.name && $0.labels == sample.labels
        }
        guard isTwice == false else { throw Malformed("the same series twice", line) }
        families[name]?.samples.append(sample)
    }

    private static func sample(_ line: Substring) throws(Malformed) -> Sample {
        var rest = line
        let name = rest.prefix {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":")
        }
        guard let first = name.first, !first.isNumber else { throw Malformed("no name", line) }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard !label.isEmpty, rest.hasPrefix("=\"") else {
                    throw Malformed("no label", line)
                }
                rest = rest.dropFirst(2)
                let value = try quoted(&rest, line)
                guard labels.updateValue(value, forKey: String(label)) == nil else {
                    throw Malformed("a label twice", line)
                }
                if rest.first == "," {
                    rest = rest.dropFirst()
                } else if rest.first != "}" {
                    throw Malformed("no comma", line)
                }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw Malformed("no space before the value", line) }
        guard let value = number(rest.dropFirst()) else { throw Malformed("no number", line) }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func quoted(
        _ rest: inout Substring,
        _ line: Substring
    ) throws(Malformed) -> String {
        var raw = ""
        while let character = rest.popFirst() {
            if character == "\"" { return try unescaped(raw, quotes: true) }
            raw.append(character)
            guard character == "\\" else { continue }
            guard let next = rest.popFirst() else { break }
            raw.append(next)
        }
        throw Malformed("no end of a value", line)
    }

    private static func unescaped(
        _ text: some StringProtocol,
        quotes: Bool
    ) throws(Malformed) -> String {
        var result = ""
        var isEscape = false
        for character in text {
            if isEscape {
                switch character {
                case "\\": result.append("\\")
                case "n": result.append("\n")
                case "\"" where quotes: result.append("\"")
                default: throw Malformed("an unknown escape", text)
                }
                isEscape = false
            } else if character == "\\" {
                isEscape = true
            } else {
                result.append(character)
            }
        }
        guard !isEscape else { throw Malformed("an escape at the end", text) }
        return result
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.contains(where: \.isLetter) && !text.contains("e") ? nil : Double(text)
        }
    }

    // MARK: Families

    /// Units that are not Prometheus's base units: seconds, bytes, ratios.
    private static let otherUnits: Set = [
        "milliseconds", "microseconds", "nanoseconds", "ms", "us", "ns", "minutes", "hours", "days",
        "kilobytes", "megabytes", "kb", "mb", "kib", "mib", "bits", "percent",
    ]

    private func check(_ name: String) throws(Malformed) {
        guard let family = families[name] else { return }
        guard !family.help.isEmpty, !family.type.isEmpty else {
            throw Malformed("no help or no type", name)
        }
        guard name.hasSuffix("_total") == (family.type == "counter") else {
            throw Malformed("counters, and they alone, end in _total", name)
        }
        // As words: `used` is no unit.
        for word in name.split(separator: "_") where Self.otherUnits.contains(String(word)) {
            throw Malformed("not a base unit", name)
        }
        if family.type == "histogram" { try checkHistogram(name, family) }
    }

    /// Cumulative buckets up to `+Inf`, which is `_count`.
    private func checkHistogram(_ name: String, _ family: Family) throws(Malformed) {
        var series: [[String: String]: [Sample]] = [:]
        for sample in family.samples {
            series[sample.labels.filter { $0.key != "le" }, default: []].append(sample)
        }
        for (labels, samples) in series {
            let buckets = samples.filter { $0.name == "\(name)_bucket" }
            let bounds = buckets.compactMap { Self.number(($0.labels["le"] ?? "")[...]) }
            let counts = samples.filter { $0.name == "\(name)_count" }.map(\.value)
            let sums = samples.filter { $0.name == "\(name)_sum" }
            guard bounds.count == buckets.count, bounds == bounds.sorted(),
                Set(bounds).count == bounds.count, bounds.last == .infinity,
                buckets.map(\.value) == buckets.map(\.value).sorted(), sums.count == 1,
                counts == [buckets.last?.value]
            else { throw Malformed("no histogram", "\(name) \(labels)") }
        }
    }
}

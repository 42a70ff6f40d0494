/// A word that a label can be: the type names the label, its values are the words.
package protocol MetricLabel: Hashable, Sendable {
    static var labelName: String { get }
    var labelValue: String { get }
}

extension MetricLabel where Self: RawRepresentable, RawValue == String {
    package var labelValue: String { rawValue }
}

/// All that the labels of a family can be, known when the family is made.
///
/// So a family has so many series and no more, whoever sends what.
package struct LabelSet<Label: Hashable & Sendable>: Sendable {
    /// The labels as samples show them, in the order of the set.
    let texts: [String]
    private let labels: [Label]
    private let places: [Label: Int]

    private init(_ labels: [Label], _ texts: [String]) {
        self.labels = labels
        self.texts = texts
        places = Dictionary(
            uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) }
        )
    }

    /// Where a label is.
    ///
    /// What is not in the set cannot be counted: that would be a bug, and counting elsewhere a lie.
    func place(of label: Label) -> Int {
        guard let place = places[label] else {
            preconditionFailure("\(label) is not in the set of this metric's labels")
        }
        return place
    }

    /// The labels in their order.
    var all: [Label] { labels }

    /// These labels, and after them those of another set that are new.
    func joined(with other: LabelSet) -> LabelSet {
        let more = zip(other.labels, other.texts).filter { places[$0.0] == nil }
        return LabelSet(labels + more.map(\.0), texts + more.map(\.1))
    }

    /// Every combination of two sets.
    package func times<Other>(_ other: LabelSet<Other>) -> LabelSet<LabelPair<Label, Other>> {
        var pairs: [LabelPair<Label, Other>] = []
        var pairTexts: [String] = []
        for (label, text) in zip(labels, texts) {
            for (second, secondText) in zip(other.labels, other.texts) {
                pairs.append(LabelPair(label, second))
                pairTexts.append("\(text),\(secondText)")
            }
        }
        return LabelSet<LabelPair<Label, Other>>(pairs, pairTexts)
    }
}

extension LabelSet where Label: MetricLabel {
    /// These words, each once.
    package init(_ labels: [Label]) {
        self.init(labels, labels.map { Exposition.label(Label.labelName, $0.labelValue) })
    }
}

extension LabelSet {
    /// These combinations, each once.
    package init<First: MetricLabel, Second: MetricLabel>(pairs: [LabelPair<First, Second>])
    where Label == LabelPair<First, Second> {
        self.init(
            pairs,
            pairs.map { pair in
                Exposition.label(First.labelName, pair.first.labelValue) + ","
                    + Exposition.label(Second.labelName, pair.second.labelValue)
            }
        )
    }
}

extension LabelSet where Label: MetricLabel & CaseIterable {
    /// The cases of an enum.
    package static var all: Self { Self(Array(Label.allCases)) }
}

extension LabelSet where Label == Unlabelled {
    /// One series without labels.
    package static var one: Self { Self([Unlabelled()], [""]) }
}

/// The label of a family that has none.
package struct Unlabelled: Hashable, Sendable {}

/// Two labels at once.
package struct LabelPair<First: Hashable & Sendable, Second: Hashable & Sendable>: Hashable,
    Sendable
{
    package var first: First
    package var second: Second

    package init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }
}

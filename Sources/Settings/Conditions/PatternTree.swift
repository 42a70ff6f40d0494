/// What a glob or an expression means, as a tree.
indirect enum PatternTree: Sendable {
    /// Nothing at all.
    case empty

    /// One symbol of a set.
    case one(SymbolSet)

    /// One after the other.
    case sequence([PatternTree])

    /// Any of these.
    case choice([PatternTree])

    /// As often as wanted, also never.
    case repeated(PatternTree)

    /// How many positions it takes; `Int.max` when that cannot be counted.
    var size: Int {
        switch self {
        case .empty: 0
        case .one: 1
        case .sequence(let parts), .choice(let parts):
            parts.reduce(0) { sum, part in
                let (result, overflow) = sum.addingReportingOverflow(part.size)
                return overflow ? .max : result
            }
        case .repeated(let part): part.size
        }
    }

    static func literal(_ text: some Sequence<Unicode.Scalar>) -> PatternTree {
        .sequence(text.map { .one(SymbolSet($0)) })
    }

    static func optional(_ part: PatternTree) -> PatternTree {
        .choice([.empty, part])
    }

    /// The same whatever the case of the letters.
    var ignoringCase: PatternTree { mapped(\.ignoringCase) }

    /// The same whatever the case of the letters from A to Z.
    var ignoringASCIICase: PatternTree { mapped(\.ignoringASCIICase) }

    private func mapped(_ change: (SymbolSet) -> SymbolSet) -> PatternTree {
        switch self {
        case .empty: .empty
        case .one(let set): .one(change(set))
        case .sequence(let parts): .sequence(parts.map { $0.mapped(change) })
        case .choice(let parts): .choice(parts.map { $0.mapped(change) })
        case .repeated(let part): .repeated(part.mapped(change))
        }
    }
}

/// A pattern made ready to be asked many times.
///
/// Glushkov's construction: a state is a position in the pattern, all states are kept at once as
/// bits, so a text costs at most its length times the pattern's, whatever people write: nothing is
/// ever tried again, and no memory is taken.
struct Automaton: Sendable {
    /// A bit for each position.
    typealias States = SIMD8<UInt64>

    /// Positions that a pattern may have: the bits of `States`.
    static let positionsMax = 512

    private static let asciiCount = 128

    /// Which positions take a symbol of ASCII, for each of them.
    private var ascii: [States]

    /// What each position takes, for all other symbols.
    private var sets: [SymbolSet] = []

    /// Which positions may come after each.
    private var follow: [States] = []

    /// Which positions may come first.
    private let first: States

    /// Where a text may end.
    private let last: States

    private let acceptsNothing: Bool

    /// The same for a pattern of few positions, as nearly all are: some five times as fast.
    private let narrow: Narrow?

    /// - Parameter tree: of at most `positionsMax` positions.
    init(_ tree: PatternTree) {
        precondition(tree.size <= Self.positionsMax, "patterns are bounded where they are read")
        var building = Building()
        let parts = building.add(tree)
        sets = building.sets
        follow = building.follow
        first = parts.first
        last = parts.last
        acceptsNothing = parts.isNullable
        ascii = Array(repeating: States(), count: Self.asciiCount)
        for (number, set) in sets.enumerated() {
            for symbol in 0..<Self.asciiCount where set.contains(UInt32(symbol)) {
                ascii[symbol].insertState(number)
            }
        }
        narrow = Narrow(ascii: ascii, follow: follow, first: first, last: last)
    }

    /// Whether the whole text is as the pattern wants it.
    ///
    /// - Parameters:
    ///   - text: what is asked about.
    ///   - hasEnds: whether the ends of the text are symbols, as expressions have them.
    /// - Returns: whether it is.
    func accepts(_ text: String, hasEnds: Bool = false) -> Bool {
        if !hasEnds, let narrow { return acceptsName(text, narrow) }
        var states = first
        var isAtStart = true
        if hasEnds {
            guard step(&states, SymbolSet.startOfText, isAtStart: true) else { return false }
            isAtStart = false
        }
        for scalar in text.unicodeScalars {
            guard step(&states, scalar.value, isAtStart: isAtStart) else { return false }
            isAtStart = false
        }
        if hasEnds {
            guard step(&states, SymbolSet.endOfText, isAtStart: isAtStart) else { return false }
            isAtStart = false
        }
        return isAtStart ? acceptsNothing : (states & last).hasState
    }

    /// The same as `accepts`, a word of states at a time.
    private func acceptsName(_ text: String, _ narrow: Narrow) -> Bool {
        var next = narrow.first
        var states: UInt64 = 0
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                states = next & narrow.ascii[Int(scalar.value)]
            } else {
                states = 0
                Narrow.forEachState(next) { number in
                    if sets[number].contains(scalar.value) { states |= 1 << UInt64(number) }
                }
            }
            guard states != 0 else { return false }
            next = 0
            Narrow.forEachState(states) { next |= narrow.follow[$0] }
        }
        return text.isEmpty ? acceptsNothing : states & narrow.last != 0
    }

    /// Takes one symbol.
    ///
    /// - Returns: whether anything can still come of it.
    private func step(_ states: inout States, _ symbol: UInt32, isAtStart: Bool) -> Bool {
        var next = isAtStart ? first : States()
        if !isAtStart {
            states.forEachState { next |= follow[$0] }
        }
        if symbol < UInt32(Self.asciiCount) {
            states = next & ascii[Int(symbol)]
        } else {
            var taken = States()
            next.forEachState { if sets[$0].contains(symbol) { taken.insertState($0) } }
            states = taken
        }
        return states.hasState
    }
}

extension Automaton {
    /// A pattern whose positions fit into one word.
    private struct Narrow {
        let ascii: [UInt64]
        let follow: [UInt64]
        let first: UInt64
        let last: UInt64

        /// - Returns: nil for a pattern of more positions.
        init?(ascii: [States], follow: [States], first: States, last: States) {
            guard follow.count <= UInt64.bitWidth else { return nil }
            self.ascii = ascii.map { $0[0] }
            self.follow = follow.map { $0[0] }
            self.first = first[0]
            self.last = last[0]
        }

        @inline(__always)
        static func forEachState(_ states: UInt64, _ body: (Int) -> Void) {
            var bits = states
            while bits != 0 {
                body(bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
    }

    /// What is known of a part of the tree.
    private struct Parts {
        var first = States()
        var last = States()
        var isNullable = true
    }

    private struct Building {
        var sets: [SymbolSet] = []
        var follow: [States] = []

        mutating func add(_ tree: PatternTree) -> Parts {
            switch tree {
            case .empty:
                return Parts()
            case .one(let set):
                var states = States()
                states.insertState(sets.count)
                sets.append(set)
                follow.append(States())
                return Parts(first: states, last: states, isNullable: false)
            case .sequence(let trees):
                return trees.reduce(Parts()) { before, tree in
                    let after = add(tree)
                    connect(before.last, to: after.first)
                    return Parts(
                        first: before.isNullable ? before.first | after.first : before.first,
                        last: after.isNullable ? before.last | after.last : after.last,
                        isNullable: before.isNullable && after.isNullable
                    )
                }
            case .choice(let trees):
                var all = Parts(isNullable: false)
                for tree in trees {
                    let one = add(tree)
                    all.first |= one.first
                    all.last |= one.last
                    all.isNullable = all.isNullable || one.isNullable
                }
                return all
            case .repeated(let tree):
                var parts = add(tree)
                connect(parts.last, to: parts.first)
                parts.isNullable = true
                return parts
            }
        }

        private mutating func connect(_ from: States, to states: States) {
            from.forEachState { follow[$0] |= states }
        }
    }
}

extension SIMD8<UInt64> {
    fileprivate mutating func insertState(_ number: Int) {
        self[number >> 6] |= 1 << UInt64(number & 63)
    }

    fileprivate var hasState: Bool { self != Self() }

    @inline(__always)
    fileprivate func forEachState(_ body: (Int) -> Void) {
        for word in indices {
            var bits = self[word]
            while bits != 0 {
                body(word << 6 | bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
    }
}

/// What one position of a pattern takes: ranges of Unicode scalars, or all others.
///
/// The start and the end of a text are symbols too, beyond the last scalar, so that `^` and `$`
/// need nothing of their own. No set of scalars has them, inverted or not.
struct SymbolSet: Sendable, Equatable {
    static let startOfText: UInt32 = 0x11_0000
    static let endOfText: UInt32 = 0x11_0001
    private static let lastScalar: UInt32 = 0x10_FFFF

    private(set) var ranges: [ClosedRange<UInt32>]
    var isInverted = false

    init(_ ranges: [ClosedRange<UInt32>] = [], isInverted: Bool = false) {
        self.ranges = ranges
        self.isInverted = isInverted
    }

    init(_ scalar: Unicode.Scalar) {
        self.init([scalar.value...scalar.value])
    }

    /// Every scalar there is.
    static let anyScalar = SymbolSet([0...lastScalar])

    /// Every scalar, and the ends of the text.
    static let anything = SymbolSet([0...endOfText])

    static let start = SymbolSet([startOfText...startOfText])
    static let end = SymbolSet([endOfText...endOfText])

    func contains(_ symbol: UInt32) -> Bool {
        let isListed = ranges.contains { $0.contains(symbol) }
        return isInverted ? !isListed && symbol <= Self.lastScalar : isListed
    }

    mutating func insert(_ range: ClosedRange<UInt32>) {
        ranges.append(range)
    }

    mutating func formUnion(_ other: SymbolSet) {
        ranges += other.isInverted ? other.complement : other.ranges
    }

    /// The scalars that are in none of the ranges.
    private var complement: [ClosedRange<UInt32>] {
        var found: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { found.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= Self.lastScalar { found.append(next...Self.lastScalar) }
        return found
    }

    /// The same, whatever the case of the letters.
    var ignoringCase: SymbolSet {
        var both = self
        for range in ranges where range.count <= Self.letterRangeMax {
            for value in range {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let properties = scalar.properties
                for text in [properties.lowercaseMapping, properties.uppercaseMapping] {
                    let scalars = text.unicodeScalars
                    if scalars.count == 1, let other = scalars.first, other != scalar {
                        both.insert(other.value...other.value)
                    }
                }
            }
        }
        return both
    }

    /// The same, whatever the case of the letters from A to Z.
    var ignoringASCIICase: SymbolSet {
        var both = self
        for range in ranges {
            if range.overlaps(Self.capitals) {
                let shared = range.clamped(to: Self.capitals)
                both.insert(
                    shared.lowerBound + Self.caseDistance...shared.upperBound + Self.caseDistance
                )
            }
            if range.overlaps(Self.smallLetters) {
                let shared = range.clamped(to: Self.smallLetters)
                both.insert(
                    shared.lowerBound - Self.caseDistance...shared.upperBound - Self.caseDistance
                )
            }
        }
        return both
    }

    private static let capitals: ClosedRange<UInt32> = 0x41...0x5A
    private static let smallLetters: ClosedRange<UInt32> = 0x61...0x7A
    private static let caseDistance: UInt32 = 0x20

    /// Longer ranges than any alphabet's have no case to ignore.
    private static let letterRangeMax = 2048
}

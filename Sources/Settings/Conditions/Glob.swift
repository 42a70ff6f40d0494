/// A pattern for names with segments: `feature/*`, `docs/**`, `v[0-9]*`, `*.{md,txt}`.
///
/// `*` and `?` stay inside a segment, `**` goes over segments, and the whole name has to fit.
package struct Glob: Sendable, Equatable {
    /// The pattern as it was written.
    package let source: String

    private let form: Form

    private enum Form: Sendable {
        case literal([UInt8])
        case pattern(Automaton)
    }

    /// Reads a pattern.
    ///
    /// - Parameters:
    ///   - source: the pattern.
    ///   - ignoresCase: whether `a` is `A`, as in names of users and repositories; those are ASCII,
    ///     and other letters are compared as they are.
    /// - Throws: what is wrong with it, as the end of a sentence.
    init(_ source: String, ignoresCase: Bool = false) throws(UnfitText) {
        self.source = source
        var parser = GlobParser(source)
        let tree = try parser.parse()
        if parser.isLiteral, !ignoresCase {
            form = .literal(Array(parser.literal.utf8))
        } else {
            guard tree.size <= Automaton.positionsMax else {
                throw UnfitText("is a pattern that is too long: \(quoted(source))")
            }
            form = .pattern(Automaton(ignoresCase ? tree.ignoringASCIICase : tree))
        }
    }

    /// A pattern that is known to be one.
    ///
    /// - Parameter source: the pattern; nil comes of one that cannot be read.
    package init?(pattern source: String) {
        // What is wrong with it only interests who wrote it into a file.
        guard let glob = try? Glob(source) else { return nil }
        self = glob
    }

    /// Whether the whole name fits.
    package func matches(_ name: String) -> Bool {
        switch form {
        case .literal(let bytes): name.utf8.elementsEqual(bytes)
        case .pattern(let automaton): automaton.accepts(name)
        }
    }

    /// The only name that fits; nil for a pattern.
    var name: String? {
        switch form {
        case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
        case .pattern: nil
        }
    }

    package static func == (left: Glob, right: Glob) -> Bool {
        left.source.utf8.elementsEqual(right.source.utf8)
    }
}

/// Reads a glob from left to right.
private struct GlobParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    /// Whether nothing but plain characters came.
    private(set) var isLiteral = true
    private(set) var literal = ""

    /// Whether a segment begins here, whichever alternatives of braces came before.
    private var isAtSegmentStart = true

    private static let notSlash = SymbolSet([0x2F...0x2F], isInverted: true)
    private static let depthMax = 8

    init(_ source: String) {
        scalars = Array(source.unicodeScalars)
    }

    mutating func parse() throws(UnfitText) -> PatternTree {
        try sequence()
    }

    private func fail(_ reason: String) -> UnfitText {
        let source = String(String.UnicodeScalarView(scalars))
        return UnfitText("is no pattern: \(quoted(source)): \(reason)")
    }

    /// Up to the end, or inside of braces up to `,` or `}`.
    private mutating func sequence() throws(UnfitText) -> PatternTree {
        var parts: [PatternTree] = []
        while position < scalars.count {
            let scalar = scalars[position]
            switch scalar {
            case "*":
                parts.append(star())
            case "?":
                isLiteral = false
                isAtSegmentStart = false
                position += 1
                parts.append(.one(Self.notSlash))
            case "[":
                isLiteral = false
                isAtSegmentStart = false
                parts.append(.one(try set()))
            case "{":
                isLiteral = false
                parts.append(try braces())
            case "," where depth > 0, "}" where depth > 0:
                return .sequence(parts)
            case "}", "]":
                throw fail("'\(scalar)' without its opening; write '\\\(scalar)' for itself")
            case "\\":
                guard position + 1 < scalars.count else { throw fail("it ends in '\\'") }
                position += 1
                fallthrough
            default:
                literal.unicodeScalars.append(scalars[position])
                parts.append(.one(SymbolSet(scalars[position])))
                isAtSegmentStart = scalars[position] == "/"
                position += 1
            }
        }
        return .sequence(parts)
    }

    /// `*`, `**`, or `**/`, which also stands for no segment at all.
    private mutating func star() -> PatternTree {
        let isSegmentStart = isAtSegmentStart
        isLiteral = false
        isAtSegmentStart = false
        position += 1
        guard position < scalars.count, scalars[position] == "*" else {
            return .repeated(.one(Self.notSlash))
        }
        while position < scalars.count, scalars[position] == "*" { position += 1 }
        let anything = PatternTree.repeated(.one(.anyScalar))
        guard isSegmentStart, position < scalars.count, scalars[position] == "/" else {
            return anything
        }
        position += 1
        isAtSegmentStart = true
        return .optional(.sequence([anything, .one(SymbolSet("/"))]))
    }

    /// `[a-z]`, `[!a]`, `[^a]`; a slash is in none.
    private mutating func set() throws(UnfitText) -> SymbolSet {
        position += 1
        var set = SymbolSet()
        if position < scalars.count, scalars[position] == "!" || scalars[position] == "^" {
            set.isInverted = true
            position += 1
        }
        var isFirst = true
        while position < scalars.count, isFirst || scalars[position] != "]" {
            isFirst = false
            let lower = try setScalar()
            var upper = lower
            if position + 1 < scalars.count, scalars[position] == "-", scalars[position + 1] != "]"
            {
                position += 1
                upper = try setScalar()
            }
            guard lower.value <= upper.value else {
                throw fail("the range \(lower)-\(upper) is the wrong way round")
            }
            guard !(lower.value...upper.value).contains(0x2F) || set.isInverted else {
                throw fail("'/' cannot be in [...]")
            }
            set.insert(lower.value...upper.value)
        }
        guard position < scalars.count else { throw fail("'[' has no ']'") }
        position += 1
        if set.isInverted { set.insert(0x2F...0x2F) }
        return set
    }

    private mutating func setScalar() throws(UnfitText) -> Unicode.Scalar {
        if scalars[position] == "\\" { position += 1 }
        guard position < scalars.count else { throw fail("'[' has no ']'") }
        position += 1
        return scalars[position - 1]
    }

    private mutating func braces() throws(UnfitText) -> PatternTree {
        guard depth < Self.depthMax else { throw fail("braces nest too deep") }
        depth += 1
        var choices: [PatternTree] = []
        let isSegmentStart = isAtSegmentStart
        var endAtSegmentStart = true
        repeat {
            position += 1
            isAtSegmentStart = isSegmentStart
            choices.append(try sequence())
            endAtSegmentStart = endAtSegmentStart && isAtSegmentStart
        } while position < scalars.count && scalars[position] == ","
        guard position < scalars.count else { throw fail("'{' has no '}'") }
        depth -= 1
        position += 1
        isAtSegmentStart = endAtSegmentStart
        return .choice(choices)
    }
}

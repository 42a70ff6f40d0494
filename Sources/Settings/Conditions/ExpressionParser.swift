/// Reads a regular expression from left to right.
struct ExpressionParser {
    private let source: String
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    /// Parentheses inside of each other; each costs a few hundred bytes of stack.
    private static let depthMax = 50

    init(_ source: String) {
        self.source = source
        scalars = Array(source.unicodeScalars)
    }

    mutating func parse() throws(UnfitText) -> PatternTree {
        if scalars.starts(with: "(?i)".unicodeScalars) {
            ignoresCase = true
            position = 4
        }
        let tree = try choice()
        guard position == scalars.count else { throw fail("')' without its '('") }
        return ignoresCase ? tree.ignoringCase : tree
    }

    private func fail(_ reason: String) -> UnfitText {
        UnfitText(
            "is no expression: \(quoted(source)): \(reason), at character \(position + 1)"
        )
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func choice() throws(UnfitText) -> PatternTree {
        var choices = [try sequence()]
        while next == "|" {
            position += 1
            choices.append(try sequence())
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(UnfitText) -> PatternTree {
        var parts: [PatternTree] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let atom = try atom()
            parts.append(try repetition(of: atom))
        }
        return .sequence(parts)
    }

    // MARK: What stands alone

    private mutating func atom() throws(UnfitText) -> PatternTree {
        let scalar = scalars[position]
        switch scalar {
        case "(":
            return try group()
        case "[":
            return .one(try set())
        case ".":
            position += 1
            return .one(SymbolSet([0x0A...0x0A], isInverted: true))
        case "^", "$":
            position += 1
            if let after = next, "*+?{".unicodeScalars.contains(after) {
                throw fail("'\(scalar)' cannot be repeated")
            }
            return .one(scalar == "^" ? .start : .end)
        case "*", "+", "?", "{":
            throw fail("nothing is before '\(scalar)'; write '\\\(scalar)' for itself")
        case "\\":
            return .one(try escape())
        default:
            position += 1
            return .one(SymbolSet(scalar))
        }
    }

    private mutating func group() throws(UnfitText) -> PatternTree {
        guard depth < Self.depthMax else { throw fail("parentheses nest too deep") }
        position += 1
        if next == "?" {
            guard position + 1 < scalars.count, scalars[position + 1] == ":" else {
                throw fail("of '(?' only '(?:' is supported, and '(?i)' at the very start")
            }
            position += 2
        }
        depth += 1
        let tree = try choice()
        depth -= 1
        guard next == ")" else { throw fail("'(' has no ')'") }
        position += 1
        return tree
    }

    private static let classes: [Unicode.Scalar: SymbolSet] = [
        "d": SymbolSet([0x30...0x39]),
        "w": SymbolSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]),
        "s": SymbolSet([0x09...0x0D, 0x20...0x20]),
    ]

    private static let controls: [Unicode.Scalar: Unicode.Scalar] = [
        "t": "\t", "n": "\n", "r": "\r",
    ]

    private mutating func escape() throws(UnfitText) -> SymbolSet {
        guard position + 1 < scalars.count else { throw fail("it ends in '\\'") }
        let scalar = scalars[position + 1]
        if let set = Self.classes[scalar] {
            position += 2
            return set
        }
        let lower = Unicode.Scalar(scalar.value | 0x20) ?? scalar
        if "DWS".unicodeScalars.contains(scalar), var set = Self.classes[lower] {
            set.isInverted = true
            position += 2
            return set
        }
        if let control = Self.controls[scalar] {
            position += 2
            return SymbolSet(control)
        }
        guard !scalar.isASCII || !scalar.properties.isAlphabetic && !("0"..."9" ~= scalar) else {
            throw fail("'\\\(scalar)' is not supported")
        }
        position += 2
        return SymbolSet(scalar)
    }

    private mutating func set() throws(UnfitText) -> SymbolSet {
        position += 1
        var set = SymbolSet()
        var isInverted = false
        if next == "^" {
            isInverted = true
            position += 1
        }
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            guard scalar != "[" || position + 1 >= scalars.count || scalars[position + 1] != ":"
            else { throw fail("'[:' is not supported") }
            let lower = try setMember()
            if lower.ranges.count == 1, !lower.isInverted, let first = lower.ranges.first,
                first.count == 1, next == "-", position + 1 < scalars.count,
                scalars[position + 1] != "]"
            {
                position += 1
                let upper = try setMember()
                guard upper.ranges.count == 1, !upper.isInverted, let last = upper.ranges.first,
                    last.count == 1, first.lowerBound <= last.lowerBound
                else { throw fail("a range in [...] is the wrong way round") }
                set.insert(first.lowerBound...last.lowerBound)
            } else {
                set.formUnion(lower)
            }
        }
        guard next == "]" else { throw fail("'[' has no ']'") }
        position += 1
        set.isInverted = isInverted
        return set
    }

    private mutating func setMember() throws(UnfitText) -> SymbolSet {
        guard let scalar = next else { throw fail("'[' has no ']'") }
        if scalar == "\\" { return try escape() }
        position += 1
        return SymbolSet(scalar)
    }

    // MARK: How often

    private mutating func repetition(of atom: PatternTree) throws(UnfitText) -> PatternTree {
        guard let scalar = next else { return atom }
        // What takes no room would make `(((){99}){99}){99}` a million of nothing.
        let atom = atom.size == 0 ? PatternTree.empty : atom
        let tree: PatternTree
        switch scalar {
        case "*": tree = .repeated(atom)
        case "+": tree = .sequence([atom, .repeated(atom)])
        case "?": tree = .optional(atom)
        case "{": tree = try counted(atom)
        default: return atom
        }
        position += 1
        // A lazy one finds the same texts.
        if next == "?" { position += 1 }
        if let after = next, "*+?{".unicodeScalars.contains(after) {
            throw fail("a repetition cannot be repeated; use (?:...)")
        }
        guard tree.size <= Automaton.positionsMax else { throw fail("it is too long here") }
        return tree
    }

    /// `{2}`, `{2,}` or `{2,3}`; ends on the brace.
    private mutating func counted(_ atom: PatternTree) throws(UnfitText) -> PatternTree {
        guard let end = scalars[position...].firstIndex(of: "}") else {
            throw fail("'{' has no '}'; write '\\{' for itself")
        }
        let text = String(String.UnicodeScalarView(scalars[(position + 1)..<end]))
        let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
        guard bounds.count <= 2, let least = Int(digits: bounds[0]),
            least <= Automaton.positionsMax
        else { throw fail("{\(text)} is no number of repetitions") }
        var parts = Array(repeating: atom, count: least)
        if bounds.count == 2, bounds[1].isEmpty {
            parts.append(.repeated(atom))
        } else if bounds.count == 2 {
            guard let most = Int(digits: bounds[1]), most >= least, most <= Automaton.positionsMax
            else { throw fail("{\(text)} is no number of repetitions") }
            parts += Array(repeating: .optional(atom), count: most - least)
        }
        guard least * atom.size <= Automaton.positionsMax else {
            throw fail("it is too long here")
        }
        position = end
        return .sequence(parts)
    }
}

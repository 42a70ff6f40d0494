/// A regular expression that never takes long.
///
/// It is searched for anywhere in the text unless `^` and `$` tie it to the ends. What would need
/// trying again and again (back references, looking around) is no part of it.
package struct Expression: Sendable, Equatable {
    /// The expression as it was written.
    package let source: String

    private let automaton: Automaton

    /// Reads an expression.
    ///
    /// - Throws: what is wrong with it, as the end of a sentence.
    init(_ source: String) throws(UnfitText) {
        self.source = source
        var parser = ExpressionParser(source)
        let tree = try parser.parse()
        let anywhere = PatternTree.repeated(.one(.anything))
        let whole = PatternTree.sequence([anywhere, tree, anywhere])
        guard whole.size <= Automaton.positionsMax else {
            throw UnfitText(
                "is an expression that is too long: \(quoted(source)); with its repetitions "
                    + "written out it has more than \(Automaton.positionsMax) characters"
            )
        }
        automaton = Automaton(whole)
    }

    /// Whether it is somewhere in the text.
    package func matches(_ text: String) -> Bool {
        automaton.accepts(text, hasEnds: true)
    }

    package static func == (left: Expression, right: Expression) -> Bool {
        left.source.utf8.elementsEqual(right.source.utf8)
    }
}

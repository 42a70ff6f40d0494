import Yams

/// A place in a text: line and column from 1, columns counted in Unicode scalars.
struct Place: Hashable {
    let line: Int
    let column: Int

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }

    /// The place of the character with the number `offset`, from 0.
    init(offset: Int, in text: String) {
        let before = text.prefix(offset)
        let lineStart = before.lastIndex(where: \.isNewline).map(before.index(after:))
        self.init(
            line: before.count(where: \.isNewline) + 1,
            column: before[(lineStart ?? before.startIndex)...].unicodeScalars.count + 1
        )
    }
}

extension Node {
    /// Where it starts; nil for a node that did not come from a text.
    var place: Place? { mark.map(Place.init) }
}

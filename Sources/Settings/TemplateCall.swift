/// What stands in a template's tag: the name of a value, and what is to be done to it first.
///
/// The library leaves out what it does not know without a word; so what it knows is told here.
struct TemplateCall {
    /// The outermost first.
    private let functions: [String]
    /// Empty for the place in a list: `last()`.
    private let name: Substring

    /// Nil for what is neither a name nor a name in functions.
    init?(_ text: Substring) {
        let parts = text.split(separator: "(", omittingEmptySubsequences: false)
        guard let last = parts.last else { return nil }
        let name = last.prefix { $0 != ")" }
        let ends = last.dropFirst(name.count)
        functions = parts.dropLast().map(String.init)
        self.name = name
        let isCall =
            ends.count == functions.count && ends.allSatisfy { $0 == ")" }
            && functions.allSatisfy { !$0.isEmpty && $0.allSatisfy(Self.isInName) }
        guard isCall, Self.isName(name) || (name.isEmpty && !functions.isEmpty) else { return nil }
    }

    /// What would silently insert nothing; nil when nothing is wrong.
    var mistake: String? {
        for (number, function) in functions.enumerated() {
            let isOfPlace = name.isEmpty && number == functions.count - 1
            if (isOfPlace ? Self.ofPlaces : Self.ofValues).contains(function) { continue }
            if isOfPlace, Self.ofValues.contains(function) {
                return "\(function)() needs the name of a value: \(function)(payload)"
            }
            if !isOfPlace, Self.ofPlaces.contains(function) {
                return "\(function)() takes no value: it is about the place in a list"
            }
            let known = isOfPlace ? Self.ofPlaces : Self.ofValues
            return "there is no function \(quoted(function))" + suggestion(function, known)
        }
        return nil
    }

    /// `payload.issue`, `.` for the current value, `.title` for what is in it and nowhere else.
    private static func isName(_ text: Substring) -> Bool {
        if text == "." { return true }
        let words = (text.first == "." ? text.dropFirst() : text)
            .split(separator: ".", omittingEmptySubsequences: false)
        return words.allSatisfy { word in
            word.allSatisfy(isInName) && word.contains { $0.isLetter || $0.isNumber }
        }
    }

    private static func isInName(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || "_-?*".contains(character))
    }

    /// What the worker's values know, and the library's texts and numbers.
    private static let ofValues = [
        "json", "first", "last", "count", "reversed", "empty", "uppercased", "lowercased",
        "capitalized", "equalzero", "plusone", "minusone", "even", "odd",
    ]

    /// What the library knows of the place in a list.
    private static let ofPlaces = ["first", "last", "index", "even", "odd"]
}

import Yams

/// One value of the configuration file.
///
/// The functions that give it a type return nil after they have reported why it has none, so that
/// a reader goes on and finds the other mistakes too.
struct Setting {
    let node: Node

    /// Its name in messages, such as `worker.slots`; empty for the whole file.
    let path: String

    let reading: Reading

    /// How it is called in messages.
    var name: String { path.isEmpty ? "the configuration" : path }

    /// A value inside of this one.
    func child(_ node: Node, _ suffix: String) -> Setting {
        Setting(node: node, path: path + suffix, reading: reading)
    }
}

// MARK: - Reporting

extension Setting {
    func fail(_ message: String) {
        reading.fail(message, at: node.place)
    }

    func warn(_ message: String) {
        reading.warn(message, at: node.place)
    }

    /// Reports a value of the wrong type.
    func mustBe(_ expected: String) {
        fail("\(name) must be \(expected), not \(found)")
    }

    /// The value, as a message shows it.
    var found: String {
        switch node {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        case .scalar(let scalar): isNull ? "empty" : quoted(scalar.string)
        }
    }
}

// MARK: - Text and numbers

extension Setting {
    /// Whether nothing is there: no text at all, or one of YAML's words for it, without quotes.
    var isNull: Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A text that is not empty; words that YAML takes for something else count as written.
    func text(_ expected: String = "a text") -> String? {
        guard case .scalar(let scalar) = node, !isNull else {
            mustBe(expected)
            return nil
        }
        guard !scalar.string.isEmpty else {
            mustBe(expected)
            return nil
        }
        guard !scalar.string.utf8.contains(0) else {
            fail("\(name) must not contain a NUL character")
            return nil
        }
        return scalar.string
    }

    /// A text that `parse` makes something of.
    func value<Value>(
        _ expected: String,
        _ parse: (String) throws(UnfitText) -> Value
    ) -> Value? {
        guard let text = text(expected) else { return nil }
        do {
            return try parse(text)
        } catch {
            fail("\(name) \(error.message)")
            return nil
        }
    }

    func wholeNumber(_ range: ClosedRange<Int>) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = text(expected) else { return nil }
        guard let number = Int(digits: text), range.contains(number) else {
            mustBe(expected)
            return nil
        }
        return number
    }

    func duration(_ range: ClosedRange<Duration>) -> Duration? {
        var advice = DurationAdvice.short
        advice.range = range
        let duration = value("a duration such as 30s") { text throws(UnfitText) in
            try DurationText.parse(text, advice: advice)
        }
        guard let duration else { return nil }
        guard range.contains(duration) else {
            let lower = DurationText.text(of: range.lowerBound)
            let upper = DurationText.text(of: range.upperBound)
            mustBe("a duration from \(lower) to \(upper)")
            return nil
        }
        return duration
    }

    func byteSize(_ range: ClosedRange<Int>) -> Int? {
        guard let size = value("a size such as 32MiB", ByteSizeText.parse) else { return nil }
        guard range.contains(size) else {
            let lower = ByteSizeText.text(of: range.lowerBound)
            let upper = ByteSizeText.text(of: range.upperBound)
            mustBe("a size from \(lower) to \(upper)")
            return nil
        }
        return size
    }

    /// One of a few words.
    func choice<Value>(_ values: KeyValuePairs<String, Value>) -> Value? {
        let expected = "one of \(values.map(\.key).joined(separator: ", "))"
        guard let text = text(expected) else { return nil }
        if let found = values.first(where: { $0.key == text }) { return found.value }
        fail("\(name) must be \(expected), not \(found)" + suggestion(text, values.map(\.key)))
        return nil
    }
}

// MARK: - Names and paths

extension Setting {
    /// The name of a handler, a route or a secret.
    func identifier() -> String? {
        guard let text = text("a name"), checkIdentifier(text) else { return nil }
        return text
    }

    /// Whether `text` may be a name; if not, that is reported here.
    func checkIdentifier(_ text: String) -> Bool {
        let isName =
            (1...Limits.nameLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isNameByte }
        if !isName {
            let length = Limits.nameLengthMax
            fail(
                "\(quoted(text)) is no name: use 1 to \(length) of the characters "
                    + "A-Z a-z 0-9 . _ -"
            )
        }
        return isName
    }

    /// A path, made absolute.
    func path(in folder: String) -> String? {
        guard let text = text("a path") else { return nil }
        guard text != "~", !text.hasPrefix("~/") else {
            fail("\(name): '~' is not expanded; write the whole path")
            return nil
        }
        let pairs = zip(text.utf8, text.utf8.dropFirst())
        guard !pairs.contains(where: { $0 == UInt8(ascii: "$") && $1.beginsVariable }) else {
            fail("\(name): variables are not expanded in \(quoted(text)); write the whole path")
            return nil
        }
        return AbsolutePath.make(text, in: folder)
    }
}

// MARK: - Lists

extension Setting {
    /// The values of a list.
    func list(_ expected: String = "a list") -> [Setting]? {
        guard case .sequence(let sequence) = node else {
            mustBe(expected)
            return nil
        }
        return sequence.enumerated().map { child($0.element, "[\($0.offset)]") }
    }

    /// The values of a list that is not empty, or this single value.
    func oneOrMore(_ expected: String) -> [Setting]? {
        guard case .sequence = node else { return [self] }
        guard let values = list(), !values.isEmpty else {
            fail("\(name) must be \(expected), not an empty list")
            return nil
        }
        return values
    }
}

extension Node.Scalar {
    /// Whether it stands without quotes and without a tag, so that its looks decide its type.
    var isPlain: Bool {
        style == .plain && tag.rawValue.isEmpty
    }
}

extension Int {
    /// Decimal digits and nothing else: no sign, no octal or sexagesimal forms as in YAML 1.1.
    init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy(\.isDigit) else { return nil }
        self.init(text)
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }

    /// Whether a shell takes it, behind a `$`, for the beginning of a variable.
    fileprivate var beginsVariable: Bool {
        isLetter || self == UInt8(ascii: "_") || self == UInt8(ascii: "{")
    }

    var isNameByte: Bool {
        isDigit || isLetter
            || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")]
                .contains(self)
    }
}

/// Durations as people write them: `500ms`, `30s`, `1h30m`.
package enum DurationText {
    /// Reads a duration as the configuration writes it; nil when the text is none.
    package static func duration(_ text: String) -> Duration? {
        try? parse(text)  // the reason matters only where it can be shown with its line
    }

    /// A unit and its length in milliseconds, longest first.
    private static let units = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads a number with a unit, or several of them from the longest unit to the shortest.
    ///
    /// - Parameters:
    ///   - text: what somebody wrote.
    ///   - advice: what to offer to who wrote no duration.
    /// - Returns: the duration, at least zero.
    /// - Throws: what is wrong, and what would be right.
    static func parse(
        _ text: String,
        advice: DurationAdvice = .short
    ) throws(UnfitText) -> Duration {
        if text.utf8.allSatisfy(\.isDigit) {
            throw UnfitText(advice.missingUnit(of: text))
        }
        var rest = Substring(text)
        var remainingUnits = units[...]
        var total = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest.removeFirst(digits.count)
            let letters = rest.prefix { $0.isLetter }
            rest.removeFirst(letters.count)
            // Ten digits of days are 8.6e17 milliseconds: even the sum of all units fits an Int.
            guard let number = Int(digits: digits), digits.count <= 10,
                let index = remainingUnits.firstIndex(where: { $0.0 == letters })
            else {
                throw UnfitText("must be \(advice.expected), not \(quoted(text))")
            }
            total += number * units[index].1
            remainingUnits = units[(index + 1)...]
        }
        return .milliseconds(total)
    }

    /// The shortest text for a duration of whole milliseconds, at least zero.
    static func text(of duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        var text = ""
        for (unit, length) in units where rest >= length {
            text += "\(rest / length)\(unit)"
            rest %= length
        }
        return text.isEmpty ? "0s" : text
    }
}

/// What a message offers to somebody who wrote no duration.
struct DurationAdvice {
    /// What is wanted, after `must be`.
    var expected: String

    /// The units that are usual here.
    var units: String

    /// The one to add to a number that has none.
    var unit: String

    /// What would be accepted; nil for anything.
    var range: ClosedRange<Duration>?

    /// For how long something may take.
    static let short = DurationAdvice(
        expected: "a duration such as 30s, 5m or 1h30m",
        units: "s, m or h",
        unit: "s"
    )

    /// Says that a unit is missing; the number is shown with one only where that would be accepted.
    func missingUnit(of number: String) -> String {
        let message = "needs a unit such as \(units)"
        let text = number + unit
        guard let duration = DurationText.duration(text), range?.contains(duration) ?? true else {
            return message
        }
        return "\(message): \(quoted(text))"
    }
}

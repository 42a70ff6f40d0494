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
    static func parse(_ text: String) throws(UnfitText) -> Duration {
        if text.utf8.allSatisfy(\.isDigit) {
            throw UnfitText("needs a unit such as s, m or h: \(quoted(text + "s"))")
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
                throw UnfitText(
                    "must be a duration such as 30s, 5m or 1h30m, not \(quoted(text))"
                )
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

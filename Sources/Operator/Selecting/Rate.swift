import ArgumentParser
import QueueCore

/// How many in how long: `5/s`, `100/m`, `10/h`.
struct Rate: Equatable, Sendable {
    /// From one to the next.
    let spacing: Duration

    /// Reads a number from 1 and a unit of time.
    ///
    /// - Throws: a usage error that says how.
    static func parse(_ text: String) throws -> Rate {
        let match = text.wholeMatch(of: /(\d{1,6})\/(s|m|h|d)/)?.output
        guard let match, let number = Int(match.1), number >= 1 else {
            throw ValidationError(
                "say how many in how long: 5/s, 100/m, 10/h or 50/d (at most 999999)"
            )
        }
        let unit: Duration =
            switch match.2 {
            case "s": .seconds(1)
            case "m": .seconds(60)
            case "h": .seconds(3600)
            default: .seconds(86_400)
            }
        return Rate(spacing: unit / number)
    }
}

/// The option of commands that make work.
struct RateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Spread them over time: 5/s, 100/m, 10/h. The times are stored; nothing has to "
                + "stay running for it.",
            valueName: "number/unit"
        ),
        transform: Rate.parse
    )
    var rate: Rate?

    /// From now on, at this rate.
    func pace(from now: Timestamp) -> Pace {
        Pace(start: now, spacing: rate?.spacing ?? .zero)
    }

    /// `the last one is due 10:42:07 (in 3 min 5 s)`; nil when they are not spread over time.
    func note(_ pace: Pace, count: Int, time: LocalTime) -> String? {
        guard rate != nil, count > 1 else { return nil }
        let last = pace.time(of: count - 1)
        return "the last one is due \(time.short(last)) (in \(Quantity.text(last - pace.start)))"
    }
}

package import Foundation

/// Hours of some days of the week, somewhere.
package struct TimeWindow: Sendable, Equatable {
    /// Minutes after midnight from which on it holds; nil for all day.
    package var from: Int?

    /// Minutes after midnight from which on it holds no more; before `from`, when it goes over
    /// midnight.
    package var to: Int?

    /// The days on which it begins.
    package var days: Set<Weekday>

    /// Whose clocks are read.
    package var zone: TimeZone

    /// A window; every day and all day unless told.
    package init(
        from: Int? = nil,
        to: Int? = nil,
        days: Set<Weekday> = Set(Weekday.allCases),
        zone: TimeZone = .gmt
    ) {
        self.from = from
        self.to = to
        self.days = days
        self.zone = zone
    }

    /// Whether a moment is in it.
    package func contains(_ moment: Date) -> Bool {
        let local = local(moment)
        guard let from, let to else { return days.contains(local.weekday) }
        if from < to { return days.contains(local.weekday) && (from..<to).contains(local.minutes) }
        if local.minutes >= from { return days.contains(local.weekday) }
        return local.minutes < to && days.contains(local.weekday.before)
    }

    /// A moment as the clocks there show it: `Mon 08:30`.
    package func text(of moment: Date) -> String {
        let local = local(moment)
        return "\(local.weekday.rawValue) \(Self.clock(local.minutes))"
    }

    /// The window on one line.
    package var text: String {
        var words: [String] = []
        if days.count < Weekday.allCases.count {
            words.append(
                Weekday.allCases.filter(days.contains).map(\.rawValue).joined(separator: ", ")
            )
        }
        if let from, let to { words.append("\(Self.clock(from)) to \(Self.clock(to))") }
        return (words + [zoneName]).joined(separator: " ")
    }

    /// Foundation calls UTC by its other name.
    private var zoneName: String { zone.identifier == "GMT" ? "UTC" : zone.identifier }

    private func local(_ moment: Date) -> (weekday: Weekday, minutes: Int) {
        let seconds = Int(moment.timeIntervalSince1970.rounded(.down))
        let shown = seconds + zone.secondsFromGMT(for: moment)
        let day = Int((Double(shown) / Self.secondsPerDay).rounded(.down))
        let minutes = (shown - day * Int(Self.secondsPerDay)) / 60
        // The first of January 1970 was a Thursday.
        let number = ((day + 3) % 7 + 7) % 7
        return (Weekday.allCases[number], minutes)
    }

    private static let secondsPerDay = 86_400.0

    private static func clock(_ minutes: Int) -> String {
        let digits = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return digits.joined(separator: ":")
    }
}

/// A day of the week, by the name that the configuration has for it.
package enum Weekday: String, CaseIterable, Sendable {
    case monday = "mon"
    case tuesday = "tue"
    case wednesday = "wed"
    case thursday = "thu"
    case friday = "fri"
    case saturday = "sat"
    case sunday = "sun"

    fileprivate var before: Weekday {
        switch self {
        case .monday: .sunday
        case .tuesday: .monday
        case .wednesday: .tuesday
        case .thursday: .wednesday
        case .friday: .thursday
        case .saturday: .friday
        case .sunday: .saturday
        }
    }
}

extension TimeWindow {
    private static let keys = Keys(["from", "to", "days", "zone"])

    private static let words = Weekday.allCases.map(\.rawValue)

    /// Reads `time`.
    init?(_ setting: Setting) {
        guard let section = setting.section(Self.keys) else { return nil }
        self.init()
        if section["from"] != nil || section["to"] != nil {
            from = section.required("from").flatMap(Self.minutes)
            to = section.required("to").flatMap(Self.minutes)
            if let from, let to, from == to, let setting = section["to"] {
                setting.fail(
                    "\(setting.name) is the same as from: this never holds; "
                        + "leave out both for the whole day"
                )
            }
        } else if section["days"] == nil {
            section.fail("\(section.path) needs from and to, or days")
        }
        if let value = section["days"] {
            let values = value.oneOrMore("a list of days") ?? []
            days = Set(values.compactMap(Self.day))
        }
        if let value = section["zone"] {
            zone = value.value("a time zone such as Europe/Berlin", Self.zone) ?? .gmt
        }
    }

    private static func day(_ setting: Setting) -> Weekday? {
        let expected = "one of \(words.joined(separator: ", "))"
        guard let text = setting.text(expected) else { return nil }
        if let day = Weekday(rawValue: text) { return day }
        setting.fail("\(setting.name) must be \(expected), not \(setting.found)" + meant(text))
        return nil
    }

    /// `; did you mean 'mon'?` of `Monday`, `; write [mon, tue]` of `mon-tue`.
    private static func meant(_ text: String) -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let days = parts.compactMap { part in
            Weekday.allCases.first { part.lowercased().hasPrefix($0.rawValue) }
        }
        guard days.count == parts.count, let first = days.first, let last = days.last else {
            return suggestion(text, words)
        }
        if days.count == 1 { return "; did you mean '\(first.rawValue)'?" }
        guard days.count == 2, let start = Weekday.allCases.firstIndex(of: first) else { return "" }
        var range: [String] = []
        for step in Weekday.allCases.indices {
            let day = Weekday.allCases[(start + step) % Weekday.allCases.count]
            range.append(day.rawValue)
            if day == last { break }
        }
        return "; write [\(range.joined(separator: ", "))]"
    }

    private static func minutes(_ setting: Setting) -> Int? {
        let expected = "a time of day such as \"08:00\""
        guard let text = setting.text(expected) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hours = Int(digits: parts[0]), let minutes = Int(digits: parts[1]),
            hours < 24, minutes < 60
        else {
            setting.mustBe(expected)
            return nil
        }
        return hours * 60 + minutes
    }

    private static func zone(_ text: String) throws(UnfitText) -> TimeZone {
        // Foundation takes also what nobody means: "+1".
        let known = TimeZone.knownTimeZoneIdentifiers + ["UTC", "GMT"]
        if known.contains(text), let zone = TimeZone(identifier: text) { return zone }
        throw UnfitText(
            "must be a time zone such as Europe/Berlin, not \(quoted(text))"
                + suggestion(text, known)
        )
    }
}

import Yams

/// How long what is finished is kept; nil keeps it for ever.
package struct RetentionSettings: Sendable, Equatable {
    /// Bodies and headers of deliveries whose jobs have all ended.
    package var bodies: Duration?

    /// Ended jobs with their attempts and output, at least as long as bodies.
    package var jobs: Duration?

    /// The small rows by which a delivery is known again, at least as long as jobs.
    package var deliveries: Duration?

    /// Settings with the defaults for what is left out.
    package init(
        bodies: Duration? = .seconds(30 * 86_400),
        jobs: Duration? = .seconds(90 * 86_400),
        deliveries: Duration? = .seconds(365 * 86_400)
    ) {
        self.bodies = bodies
        self.jobs = jobs
        self.deliveries = deliveries
    }
}

extension RetentionSettings {
    private static let keys = Keys(["bodies", "jobs", "deliveries"])

    /// A replay wants its body: an hour is the least in which somebody may notice.
    private static let bodiesShortest = Duration.seconds(3_600)

    /// Repeats are told by looking seven days back, at the jobs of the same bytes; a day more, so
    /// that none is pruned right before it is looked for.
    private static let jobsShortest = Duration.seconds(8 * 86_400)

    /// A hundred years: longer is for ever.
    private static let longest = Duration.seconds(36_500 * 86_400)

    /// Reads the section `retention`, which may be absent.
    init(_ setting: Setting?) {
        self.init()
        guard let setting, let section = setting.section(Self.keys) else { return }
        if let value = section["bodies"]?.kept(Self.bodiesShortest...Self.longest) {
            bodies = value.duration
        }
        if let value = section["jobs"]?.kept(Self.jobsShortest...Self.longest) {
            jobs = value.duration
        }
        if let value = section["deliveries"]?.kept(Self.jobsShortest...Self.longest) {
            deliveries = value.duration
        }
        Self.check(("bodies", bodies), ("jobs", jobs), section, setting)
        Self.check(("jobs", jobs), ("deliveries", deliveries), section, setting)
    }

    /// What belongs to a row goes no later than the row.
    private static func check(
        _ part: (key: String, kept: Duration?),
        _ whole: (key: String, kept: Duration?),
        _ section: Section,
        _ setting: Setting
    ) {
        guard let wholeKept = whole.kept, part.kept.map({ $0 > wholeKept }) ?? true else { return }
        func text(_ key: String, _ kept: Duration?) -> String {
            let origin = section[key] == nil ? ", the default" : ""
            return "\(setting.path).\(key) (\(kept.map(DurationText.text) ?? "forever")\(origin))"
        }
        (section[whole.key] ?? section[part.key] ?? setting).fail(
            "\(text(whole.key, whole.kept)) must not be less than \(text(part.key, part.kept))"
        )
    }
}

extension Setting {
    /// A duration, or the word `forever`; nil when that is neither and was reported.
    fileprivate func kept(_ range: ClosedRange<Duration>) -> (duration: Duration?, Void)? {
        if case .scalar(let scalar) = node, scalar.string == "forever" { return (nil, ()) }
        let advice = DurationAdvice(
            expected: "a duration such as 30d, or forever",
            units: "h or d",
            unit: "d",
            range: range
        )
        let duration = value(advice.expected) { text throws(UnfitText) in
            try DurationText.parse(text, advice: advice)
        }
        guard let duration else { return nil }
        guard range.contains(duration) else {
            let lower = DurationText.text(of: range.lowerBound)
            let upper = DurationText.text(of: range.upperBound)
            mustBe("a duration from \(lower) to \(upper), or forever")
            return nil
        }
        return (duration, ())
    }
}

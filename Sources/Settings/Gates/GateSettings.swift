import Yams

/// What no route gets to see unless it asks for it, and when bots have done enough.
package struct GateSettings: Sendable, Equatable {
    /// Events that an account of `trust.bots` caused.
    package var bots: GateMode

    /// Gitea's test deliveries.
    package var tests: GateMode

    /// What a mirror fetched from elsewhere.
    package var mirrors: GateMode

    /// The first words of the hidden comments by which handlers mark what they write.
    package var markers: [String]

    /// When bots have caused enough on one issue; nil for never.
    package var loop: LoopSettings?

    /// Settings with the defaults for what is left out.
    package init(
        bots: GateMode = .skip,
        tests: GateMode = .skip,
        mirrors: GateMode = .skip,
        markers: [String] = ["samovar"],
        loop: LoopSettings? = LoopSettings()
    ) {
        self.bots = bots
        self.tests = tests
        self.mirrors = mirrors
        self.markers = markers
        self.loop = loop
    }
}

/// What a gate does with the events that it is about.
package enum GateMode: String, Sendable {
    /// Only routes that ask for them get them.
    case skip

    /// All routes get them.
    case run
}

/// How much bots may cause on one issue.
package struct LoopSettings: Sendable, Equatable {
    /// Events that made jobs; the next one parks the lane.
    package var events: Int

    /// The time in which they came.
    package var per: Duration

    /// Settings with the defaults for what is left out.
    package init(events: Int = 10, per: Duration = .seconds(3_600)) {
        self.events = events
        self.per = per
    }

    /// As messages have it: `10 events within 1h`.
    package var text: String { "\(events) events within \(DurationText.text(of: per))" }
}

extension GateSettings {
    private static let keys = Keys(["bots", "tests", "mirrors", "markers", "loop"])

    private static let modes: KeyValuePairs<String, GateMode> = ["skip": .skip, "run": .run]

    /// Reads the section `gates`, which may be absent.
    init(_ setting: Setting?) {
        self.init()
        guard let setting, let section = setting.section(Self.keys) else { return }
        if let value = section["bots"]?.choice(Self.modes) { bots = value }
        if let value = section["tests"]?.choice(Self.modes) { tests = value }
        if let value = section["mirrors"]?.choice(Self.modes) { mirrors = value }
        if let value = section["markers"] { markers = Self.words(value) }
        if let value = section["loop"] { loop = LoopSettings.read(value) }
    }

    /// Words as names are written, so that a marker ends where its word does.
    private static func words(_ setting: Setting) -> [String] {
        setting.oneOrMore("a word or a list of words")?.compactMap { $0.identifier() } ?? []
    }
}

extension LoopSettings {
    private static let keys = Keys(["events", "per"])

    /// Reads `gates.loop`: `none`, or a mapping.
    fileprivate static func read(_ setting: Setting) -> LoopSettings? {
        if case .scalar(let scalar) = setting.node, scalar.string == "none" { return nil }
        var settings = LoopSettings()
        guard case .mapping = setting.node else {
            setting.mustBe("none, or a mapping such as { events: 10, per: 1h }")
            return settings
        }
        guard let section = setting.section(Self.keys) else { return settings }
        if let value = section["events"]?.wholeNumber(Limits.loopEvents) {
            settings.events = value
        }
        if let value = section["per"]?.duration(Limits.loopWindow) { settings.per = value }
        return settings
    }
}

/// A rule from delivery to handler.
package struct RouteSettings: Sendable, Equatable {
    /// Its name, unique in the file.
    package var name: String

    /// The line it starts on.
    package var line: Int

    /// The deliveries it is about.
    package var events: EventSelection

    /// What it asks of them beyond that.
    package var when: Condition

    /// The levels of trust that its deliveries' senders may have, highest first; nil for all
    /// verified deliveries.
    package var trust: [TrustLevel]?

    /// Whether those whose code it is must have one of these levels too.
    package var trustsCode: Bool

    /// The name of the handler to run; there is one.
    package var run: String

    /// Which of its jobs run one at a time, in order; nil for none.
    package var lane: LaneKind?

    /// Whether what it decides is run.
    package var mode: RouteMode

    /// Whether Gitea's "Redeliver" runs also what is done.
    package var isRerunWhenRedelivered: Bool

    /// The text of a JSON object for the handler, its keys sorted.
    package var with: String

    /// A route that takes everything of `events` unless conditions are given.
    package init(
        name: String,
        line: Int = 1,
        events: EventSelection,
        when: Condition = .all([]),
        trust: [TrustLevel]? = nil,
        trustsCode: Bool = false,
        run: String,
        lane: LaneKind? = nil,
        mode: RouteMode = .run,
        isRerunWhenRedelivered: Bool = false,
        with: String = "{}"
    ) {
        self.name = name
        self.line = line
        self.events = events
        self.when = when
        self.trust = trust
        self.trustsCode = trustsCode
        self.run = run
        self.lane = lane
        self.mode = mode
        self.isRerunWhenRedelivered = isRerunWhenRedelivered
        self.with = with
    }
}

extension RouteSettings {
    /// What it asks of trust; nil for all verified deliveries.
    package var trustNeed: TrustNeed? {
        trust.map { TrustNeed($0, isOfCode: trustsCode) }
    }
}

/// Whether what a route decides is run.
package enum RouteMode: String, Sendable {
    /// It makes jobs.
    case run

    /// It is asked, and what it would have done is recorded.
    case shadow
}

/// What the jobs of one lane have in common.
package enum LaneKind: String, Sendable {
    /// The issue or pull request.
    case issue

    /// The branch or tag.
    case ref

    /// The repository.
    case repository
}

extension LaneKind {
    /// Whether deliveries of an event type have what the lane is about.
    fileprivate func isThere(for type: String) -> Bool {
        guard EventTypes.all.contains(type) else { return self == .repository }
        return switch self {
        case .issue: type.hasPrefix("issue") || type.hasPrefix("pull_request")
        case .ref: ["push", "create", "delete"].contains(type)
        case .repository: type != "package"
        }
    }

    fileprivate var words: String {
        switch self {
        case .issue: "issue or pull request"
        case .ref: "branch or tag"
        case .repository: "repository"
        }
    }
}

extension RouteSettings {
    private static let keys = Keys(
        ["name", "on", "when", "run", "lane", "mode", "redelivery", "with"],
        planned: ["priority"]
    )

    private static let lanes: KeyValuePairs<String, LaneKind?> = [
        "issue": .issue, "ref": .ref, "repository": .repository, "none": nil,
    ]

    private static let modes: KeyValuePairs<String, RouteMode> = ["run": .run, "shadow": .shadow]

    private static let redeliveries: KeyValuePairs<String, Bool> = ["once": false, "rerun": true]

    /// Reads the section `routes`, which may be absent.
    ///
    /// - Parameters:
    ///   - setting: the list; nil when there is none.
    ///   - handlers: the names that `run` may have; nil when they cannot be told.
    /// - Returns: the routes without mistakes that would keep them from being described.
    static func all(_ setting: Setting?, handlers: [String]?) -> [RouteSettings] {
        guard let setting, let entries = setting.list("a list of routes") else { return [] }
        var unique = UniqueNames("route name")
        return entries.compactMap { entry in
            unique.check(entry, key: "name")
            return RouteSettings(entry, handlers: handlers)
        }
    }

    private init?(_ setting: Setting, handlers: [String]?) {
        guard let section = setting.section(Self.keys) else { return nil }
        let name = section.required("name")?.identifier()
        let events = section.required("on").flatMap(EventSelection.init)
        let when = section["when"].map { Self.conditions($0, of: events) }
        if let need = when?.trust, let events, let setting = section["when"] {
            Self.warnOfNoCode(need, events, setting)
        }
        let run = section.required("run").flatMap { Self.handler($0, among: handlers) }
        let lane = section["lane"]?.choice(Self.lanes) ?? nil
        if let lane, let events, let setting = section["lane"] {
            Self.warnOfNoLane(lane, events, setting)
        }
        let mode = section["mode"]?.choice(Self.modes) ?? .run
        let rerun = section["redelivery"]?.choice(Self.redeliveries) ?? false
        let with = section["with"].flatMap { JSONText($0)?.text } ?? "{}"
        if when?.condition?.asksForCommand == true { section["with"]?.refuseCommandMember() }
        guard let name, let events, let run else { return nil }
        self.init(
            name: name,
            line: section.line,
            events: events,
            when: when?.condition ?? .all([]),
            trust: when?.trust?.levels,
            trustsCode: when?.trust?.isOfCode ?? false,
            run: run,
            lane: lane,
            mode: mode,
            isRerunWhenRedelivered: rerun,
            with: with
        )
    }

    /// Says of which event types nobody can tell whose code they are about.
    private static func warnOfNoCode(
        _ need: TrustNeed,
        _ events: EventSelection,
        _ setting: Setting
    ) {
        guard need.isOfCode, !need.levels.contains(.readonly), case .types(let types) = events
        else { return }
        let without = types.filter { type in
            type == "status" || ["workflow_", "action_run_"].contains { type.hasPrefix($0) }
        }
        guard !without.isEmpty else { return }
        setting.warn(
            "\(setting.name).trust: \(without.joined(separator: " or ")) does not say whose code it "
                + "is about and counts as readonly: such deliveries make no job"
        )
    }

    /// Says which event types have nothing that the lane is about, so that their jobs wait for
    /// nobody.
    private static func warnOfNoLane(
        _ lane: LaneKind,
        _ events: EventSelection,
        _ setting: Setting
    ) {
        guard case .types(let types) = events else { return }
        let without = types.filter { !lane.isThere(for: $0) }
        guard !without.isEmpty else { return }
        let lanes = [LaneKind.issue, .ref, .repository].filter { kind in
            without.allSatisfy(kind.isThere)
        }
        let advice = lanes.isEmpty ? "none" : lanes.map(\.rawValue).joined(separator: ", ")
        setting.warn(
            "\(setting.name): \(without.joined(separator: " or ")) has no \(lane.words): such jobs "
                + "get no lane, and run side by side; lanes that it has: \(advice)"
        )
    }

    /// Reads `when`, and reports what in it no event of the route can meet.
    private static func conditions(
        _ setting: Setting,
        of events: EventSelection?
    ) -> (condition: Condition?, trust: TrustNeed?) {
        let mistakes = setting.reading.errors.count
        let (read, trust) = ReadCondition.top(setting)
        // What is missing because of a mistake must not look like a contradiction.
        if let read, let events, setting.reading.errors.count == mistakes {
            Contradictions(events).report(read)
        }
        return (read?.condition, trust)
    }

    private static func handler(_ setting: Setting, among handlers: [String]?) -> String? {
        guard let name = setting.text("the name of a handler") else { return nil }
        if let handlers, !handlers.contains(name) {
            setting.fail("no handler is named \(quoted(name))" + suggestion(name, handlers))
            return nil
        }
        return name
    }
}

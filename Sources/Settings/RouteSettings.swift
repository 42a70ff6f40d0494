/// A rule from delivery to handler.
package struct RouteSettings: Sendable, Equatable {
    /// Its name, unique in the file.
    package var name: String

    /// The line it starts on.
    package var line: Int

    /// The deliveries it is about.
    package var events: EventSelection

    /// The payload's actions it is about; nil for all, and for payloads without one.
    package var action: [String]?

    /// The branches it is about; nil for all, and for deliveries without one.
    package var branch: BranchCondition?

    /// The name of the handler to run; there is one.
    package var run: String

    /// Which of its jobs run one at a time, in order; nil for none.
    package var lane: LaneKind?

    /// Whether Gitea's "Redeliver" runs also what is done.
    package var isRerunWhenRedelivered: Bool

    /// The text of a JSON object for the handler, its keys sorted.
    package var with: String

    /// A route that takes everything of `events` unless conditions are given.
    package init(
        name: String,
        line: Int = 1,
        events: EventSelection,
        action: [String]? = nil,
        branch: BranchCondition? = nil,
        run: String,
        lane: LaneKind? = nil,
        isRerunWhenRedelivered: Bool = false,
        with: String = "{}"
    ) {
        self.name = name
        self.line = line
        self.events = events
        self.action = action
        self.branch = branch
        self.run = run
        self.lane = lane
        self.isRerunWhenRedelivered = isRerunWhenRedelivered
        self.with = with
    }
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

extension RouteSettings {
    private static let keys = Keys(
        ["name", "on", "when", "run", "lane", "redelivery", "with"],
        planned: ["mode", "priority"]
    )

    private static let conditions = Keys(
        ["action", "branch"],
        planned: [
            "tag", "title", "label", "milestone", "author", "sender", "repository", "is_pull",
            "merged", "draft", "paths", "trust", "test", "time", "all", "any", "not", "comment",
            "command",
        ]
    )

    private static let lanes: KeyValuePairs<String, LaneKind?> = [
        "issue": .issue, "ref": .ref, "repository": .repository, "none": nil,
    ]

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
        let when = section["when"]?.section(Self.conditions)
        let action = when?["action"].flatMap(Self.actions)
        let branch = when?["branch"].flatMap(BranchCondition.init)
        let run = section.required("run").flatMap { Self.handler($0, among: handlers) }
        let lane = section["lane"]?.choice(Self.lanes) ?? nil
        let rerun = section["redelivery"]?.choice(Self.redeliveries) ?? false
        let with = section["with"].flatMap { JSONText($0)?.text } ?? "{}"
        guard let name, let events, let run else { return nil }
        self.init(
            name: name,
            line: section.line,
            events: events,
            action: action,
            branch: branch,
            run: run,
            lane: lane,
            isRerunWhenRedelivered: rerun,
            with: with
        )
    }

    private static func actions(_ setting: Setting) -> [String]? {
        setting.oneOrMore("an action or a list of actions")?
            .compactMap { $0.text("an action or a list of actions") }
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

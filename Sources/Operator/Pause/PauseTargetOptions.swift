import ArgumentParser
import Program
import QueueCore
import Settings

/// The options that say what is paused or resumed: one of them.
struct PauseTargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The jobs of this handler.", valueName: "name"))
    var handler: String?

    @Option(help: ArgumentHelp("The jobs of this route.", valueName: "name"))
    var route: String?

    @Option(help: ArgumentHelp("The jobs of this lane, as jobs show it.", valueName: "key"))
    var lane: String?

    @Flag(help: "All jobs.")
    var everything = false

    func validate() throws {
        let said = [handler != nil, route != nil, lane != nil, everything].count { $0 }
        guard said == 1 else {
            throw ValidationError(
                "Say one of --handler NAME, --route NAME, --lane KEY, --everything."
            )
        }
        guard handler != "", route != "", lane != "" else {
            throw ValidationError("A name is never empty.")
        }
    }

    /// What was said.
    var target: PauseTarget {
        if let handler { return .handler(HandlerName(rawValue: handler)) }
        if let route { return .route(route) }
        if let lane { return .lane(lane) }
        return .everything
    }
}

extension PauseTarget {
    /// As a sentence has it.
    var shown: String {
        switch self {
        case .everything: "everything"
        case .handler(let handler): "handler \(VisibleText.line(handler.rawValue))"
        case .route(let route): "route \(VisibleText.line(route))"
        case .lane(let lane): "lane \(VisibleText.line(lane))"
        }
    }

    /// As a command line has it.
    var option: String {
        switch self {
        case .everything: "--everything"
        case .handler(let handler): "--handler \(VisibleText.line(handler.rawValue))"
        case .route(let route): "--route \(VisibleText.line(route))"
        case .lane(let lane): "--lane \(VisibleText.line(lane))"
        }
    }

    /// The jobs it concerns.
    var selection: Selection {
        switch self {
        case .everything: Selection()
        case .handler(let handler): Selection(handler: handler)
        case .route(let route): Selection(route: route)
        case .lane(let lane): Selection(lane: lane)
        }
    }

    /// Why pausing this would pause nothing; nil when the configuration knows it.
    ///
    /// A name that was mistyped would look paused while its jobs run on.
    func mistake(in configuration: Configuration) -> Failure? {
        let like: String?
        switch self {
        // Lanes come and go with the jobs (``mistake(in:)`` of a store); no configuration names them.
        case .everything, .lane: return nil
        case .handler(let handler):
            if configuration.concurrency(of: handler) != nil { return nil }
            like = configuration.handlerName(like: handler.rawValue)
        case .route(let route):
            if configuration.hasRoute(named: route) { return nil }
            // A route with a mistake is one as well.
            if configuration.unread.contains(.routes) { return nil }
            like = configuration.routeName(like: route)
        }
        return Failure(
            .notFound,
            "\(shown) is not in the configuration"
                + (like.map { "; did you mean '\($0)'? Nothing" } ?? "; nothing")
                + " was changed",
            hint: "With --force it is paused all the same, for jobs that still have that name."
        )
    }
}

extension PauseTarget {
    /// The same by what is stored: no job was ever in that lane.
    func mistake(in store: SQLiteStore) async throws -> Failure? {
        guard case .lane(let lane) = self,
            try await store.records(.jobCounts(selection)).isEmpty
        else { return nil }
        var live: [String] = []
        for state in [JobState.leased, .ready] {
            let jobs = try await store.records(
                .jobs(Selection(state: state), limit: Self.jobsMax)
            )
            live += jobs.map { $0.text("lane") }.filter { !$0.isEmpty }
        }
        return Self.unknown(lane: lane, live: live)
    }

    /// Says which lanes there are; first those of which it may be a part.
    static func unknown(lane: String, live: [String]) -> Failure {
        let known = Set(live).sorted()
        let shown = (known.filter { $0.contains(lane) } + known.filter { !$0.contains(lane) })
            .prefix(lanesShown)
        let list = shown.map { VisibleText.line($0) }.joined(separator: ", ")
        let more = known.count > shown.count ? ", and others (samovar jobs list)" : ""
        return Failure(
            .notFound,
            "no job is, or was, in lane \(VisibleText.line(lane)); nothing was changed",
            hint: (known.isEmpty ? "No lane has jobs now." : "Lanes with jobs now: \(list)\(more).")
                + " With --force it is paused all the same, for jobs to come."
        )
    }

    /// What fits on a screen.
    private static let lanesShown = 5

    /// The latest ones of each state: nobody looks for lanes further back.
    private static let jobsMax = 200
}

extension Pause {
    /// One object.
    var json: JSONValue {
        .object([
            ("kind", .string(target.kind)), ("name", .string(target.name)),
            ("reason", .optional(reason)), ("since", .time(since)),
        ])
    }
}

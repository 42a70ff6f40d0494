import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar replay start`, which may be left out: `samovar replay 17`.
struct ReplayStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Route stored deliveries again; the word may be left out.",
        discussion: """
            Deliveries are named, or chosen by a filter: what it says of jobs must be true of one \
            of the delivery's jobs. Whatever chose them, every route of today is asked about them, \
            unless --only-route names the one that may make jobs; --dry-run shows the jobs that \
            will be made. Those whose body is pruned, and those that still wait to be \
            routed, are never chosen. Jobs of theirs that wait or run are left alone, as repeats \
            leave them: their routes make no second one. \
            Several deliveries of a filter are counted first and asked \
            about; --yes skips the question. While they wait to be routed, `samovar replay cancel` \
            takes them back.

            Examples:
              samovar replay 17
              samovar replay --verdict ignored --since 7d --event release --dry-run
              samovar replay --route deploy --only-route deploy --since 2h --dry-run
              samovar replay --handler deploy --state dead --reason 'exit code 1' --yes
              samovar replay --repo tea/kettle --since 10:00 --until 11:00 --rate 5/s
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(
        help: "Seqs, ids, or beginnings of at least 8 characters; or choose with a filter."
    )
    var deliveries: [DeliveryArgument] = []

    @OptionGroup(title: "Filter (all that are given must fit)") var filter: FilterOptions

    @Option(help: "With this verdict: ignored finds what no route wanted then.")
    var verdict: Verdict?

    @Option(
        help: ArgumentHelp("Make jobs of this route alone, whichever match.", valueName: "name")
    )
    var onlyRoute: String?

    @OptionGroup var caution: CautionOptions
    @OptionGroup var rate: RateOption

    private var isFilter: Bool { !filter.isEmpty || verdict != nil }

    func validate() throws {
        guard isFilter != !deliveries.isEmpty else {
            throw ValidationError(
                isFilter
                    ? "Name deliveries, or give a filter: not both."
                    : "Name deliveries, or give a filter such as --verdict ignored --since 7d."
            )
        }
    }

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                try checkRoute(configuration)
                Self.note(filter: filter.route, onlyRoute: onlyRoute).map(StandardError.note)
                try await isFilter
                    ? replayMatches(store, configuration)
                    : replayNamed(
                        store,
                        configuration
                    )
            }
        }
    }

    /// A route that is not there could never make a job.
    private func checkRoute(_ configuration: Configuration) throws {
        guard let onlyRoute, !configuration.unread.contains(.routes) else { return }
        let names = configuration.routes.map(\.name)
        guard !names.contains(onlyRoute) else { return }
        let meant = NearestWord.to(onlyRoute, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw Failure(
            .notFound,
            "there is no route '\(VisibleText.line(onlyRoute))'\(meant)",
            hint: "`samovar routes list` shows them."
        )
    }

    /// Says that the filter chooses deliveries, and not routes.
    static func note(filter route: String?, onlyRoute: String?) -> String? {
        guard let route, onlyRoute == nil else { return nil }
        return "every route is asked about these deliveries, not \(route) alone: "
            + "--only-route \(route) makes jobs of that one"
    }

    // MARK: A filter

    private func replayMatches(
        _ store: SQLiteStore,
        _ configuration: Configuration
    ) async throws {
        let now = Clocks.system.now()
        var selection = filter.selection(now: now)
        selection.verdict = verdict
        let seqs = try await store.deliveries(matching: selection)
        guard !seqs.isEmpty else {
            throw Failure(
                .notFound,
                "no delivery that still has its body is like that; nothing was changed",
                hint: "`samovar deliveries list` shows the newest deliveries."
            )
        }
        let counts = try await store.records(.deliveryCounts(selection))
        let consent = caution.consent()
        if caution.dryRun || consent.course(count: seqs.count) != .proceed {
            let report = DryRun(
                verb: "replay",
                noun: "delivery",
                plural: "deliveries",
                count: seqs.count,
                counts: counts,
                columns: ["deliveries", "event_type", "verdict"],
                paceNote: rate.note(rate.pace(from: now), count: seqs.count, time: .now),
                forecast: try await forecast(seqs, store, configuration)
            )
            try report.print(isDryRun: caution.dryRun, output)
        }
        try await noteLiveJobs(seqs, store)
        if caution.dryRun { return }
        let deliveries = Self.count(seqs.count)
        try consent.require(count: seqs.count, "Replay \(deliveries)?")
        try await replay(seqs, members: [], store, configuration)
    }

    // MARK: Named deliveries

    /// All of them, or none: what cannot be found, has no body any more or has still to be routed
    /// for the first time stops it.
    private func replayNamed(_ store: SQLiteStore, _ configuration: Configuration) async throws {
        var seqs: [DeliverySeq] = []
        var records: [Record] = []
        for delivery in deliveries {
            let seq = try await delivery.find(in: store)
            guard !seqs.contains(seq) else { continue }
            let record = try await store.records(.delivery(seq)).first ?? Record([])
            guard record["body_pruned_at"] == .null else {
                throw Failure(
                    .findings,
                    "the body of delivery \(seq) is pruned: there is nothing left to route; "
                        + "nothing was changed"
                )
            }
            if record["verdict"] == .null { throw Self.waits(seq) }
            seqs.append(seq)
            records.append(record)
        }
        try await noteLiveJobs(seqs, store)
        if caution.dryRun {
            let report = DryRun(
                verb: "replay",
                noun: "delivery",
                plural: "deliveries",
                count: seqs.count,
                counts: records,
                columns: ["seq", "event_type", "verdict", "delivery_id"],
                paceNote: nil,
                forecast: try await forecast(seqs, store, configuration)
            )
            return try report.print(isDryRun: true, output)
        }
        var members: [(name: String, value: JSONValue)] = []
        if records.count == 1 {
            members = ["seq", "delivery_id", "event_type"].map { ($0, JSONValue(records[0][$0])) }
        }
        try await replay(seqs, members: members, store, configuration)
    }

    /// It would be routed twice, with twice the jobs.
    static func waits(_ seq: DeliverySeq) -> Failure {
        Failure(
            .notFound,
            "delivery \(seq) waits to be routed, so there is no need to replay it; "
                + "nothing was changed",
            hint: "`samovar status` says whether a worker is there to route it."
        )
    }

    // MARK: Both

    private func forecast(
        _ seqs: [DeliverySeq],
        _ store: SQLiteStore,
        _ configuration: Configuration
    ) async throws -> ReplayForecast {
        try await ReplayForecast(of: seqs, onlyRoute: onlyRoute, configuration, in: store)
    }

    /// Beside the answer, whether something is done or would be.
    private func noteLiveJobs(_ seqs: [DeliverySeq], _ store: SQLiteStore) async throws {
        if let note = try await LiveJobs(of: seqs, in: store).note { StandardError.note(note) }
    }

    /// Asks for them, and says what was made of that, also when it ended early.
    private func replay(
        _ seqs: [DeliverySeq],
        members: [(name: String, value: JSONValue)],
        _ store: SQLiteStore,
        _ configuration: Configuration
    ) async throws {
        let pace = rate.pace(from: Clocks.system.now())
        let requests = await ReplayRequests(seqs, pace: pace) { part, pace throws(StoreError) in
            try await store.replay(part, pace: pace, onlyRoute: onlyRoute)
        }
        if requests.count > 0 {
            configuration.ringDoorbell()
            let answer = ReplayAnswer(
                seqs: seqs,
                requests: requests,
                lastAt: pace.time(of: requests.count - 1),
                paceNote: rate.note(pace, count: requests.count, time: .now),
                onlyRoute: onlyRoute
            )
            try StandardOutput.write(
                output.json ? JSONOutput.object(members + answer.members) : answer.text
            )
            for note in answer.notes { StandardError.note(note) }
        }
        if let failure = requests.failure { throw failure }
    }

    static func count(_ deliveries: Int) -> String {
        Quantity.count(deliveries, "delivery", plural: "deliveries")
    }
}

extension Verdict: ExpressibleByArgument {}

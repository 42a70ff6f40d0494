import ArgumentParser
import Foundation
import Program
import QueueCore
import Routing
import Settings

/// `samovar routes diff`.
struct RoutesDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say which stored deliveries another configuration would decide otherwise.",
        discussion: """
            Decides about the deliveries that are stored with the present configuration and with \
            NEW, by their routes, gates and trust, and compares: which would newly run, no longer \
            run, or run otherwise (other routes, handlers, lanes, trust or values of `with`). Nothing \
            is run, nothing is written; what came of a delivery before does not matter.

            Exit code 0: no difference; 1: differences. The counts are always of all; of the \
            deliveries, the newest are shown.

            Examples:
              samovar routes diff --since 7d new.yaml
              samovar routes diff --since 2026-11-01 new.yaml --limit 1000 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption
    @OptionGroup var limit: LimitOption

    @Option(
        help: ArgumentHelp(
            "Received at or after: a time ('2026-11-21 10:00', 10:00, RFC 3339) or an age (2h, 7d).",
            valueName: "time"
        ),
        transform: TimeArgument.parse
    )
    var since: TimeArgument

    @Argument(help: ArgumentHelp("The other configuration, a whole file.", valueName: "new"))
    var new: String

    func run() async throws {
        try await reporting {
            let isEqual = try await configurationOption.withStore { store, configuration in
                guard FileManager.default.fileExists(atPath: new) else {
                    throw Failure(.notFound, "there is no file \(VisibleText.line(new))")
                }
                let other = try Configuration.load(
                    file: new,
                    secrets: .skip,
                    environment: ProcessInfo.processInfo.environment
                )
                let since = since.instant(now: Clocks.system.now())
                let difference = try await RouteDifference(
                    between: Router(configuration),
                    and: Router(other),
                    over: store,
                    since: since,
                    keeping: limit.limit
                )
                if output.json {
                    try StandardOutput.write(JSONOutput.object(difference.json))
                } else {
                    let time = LocalTime(now: Clocks.system.now())
                    try StandardOutput.write(difference.text(time: time, on: .standardOutput()))
                    JSONOption.limitNote(limit.limit, shown: difference.rows.count)
                        .map(StandardError.note)
                }
                return difference.isEmpty
            }
            if !isEqual { throw ExitStatus.findings.code }
        }
    }
}

/// What another configuration would do otherwise with the deliveries that are stored.
struct RouteDifference: Sendable {
    /// How a delivery is decided otherwise.
    enum Change: String, CaseIterable, Sendable {
        case newlyRuns = "newly_runs"
        case noLongerRuns = "no_longer_runs"
        case runsOtherwise = "runs_otherwise"

        /// Nil when the same jobs come of both.
        init?(from old: [NewJob], to new: [NewJob]) {
            if old == new { return nil }
            self = old.isEmpty ? .newlyRuns : new.isEmpty ? .noLongerRuns : .runsOtherwise
        }

        fileprivate var words: String {
            switch self {
            case .newlyRuns: "newly runs"
            case .noLongerRuns: "no longer runs"
            case .runsOtherwise: "runs otherwise"
            }
        }
    }

    /// A delivery that is decided otherwise.
    struct Row: Sendable {
        var seq: DeliverySeq
        var id: DeliveryID
        var eventType: String
        var receivedAt: Timestamp
        var repo: String
        var change: Change
        /// For each route that differs: `+ci`, `-ci`, or `ci: handler main, not ci`.
        var routes: [String]
        /// Why each route that newly runs, or no longer does, did not or does not:
        /// `ci: branch is main, not dev`.
        var because: [String]
        /// Why the present, and the new configuration make no jobs; nil where they do.
        var reasons: (old: String?, new: String?)
    }

    private(set) var since: Timestamp
    private(set) var compared = 0
    /// Those of which nothing can be told any more.
    private(set) var pruned = 0
    private(set) var counts: [Change: Int] = [:]
    /// The newest, first.
    private(set) var rows: [Row] = []

    var isEmpty: Bool { counts.isEmpty }

    /// Decides about all that came since, a batch at a time.
    init(
        between old: Router,
        and new: Router,
        over store: SQLiteStore,
        since: Timestamp,
        keeping rowsMax: Int
    ) async throws(StoreError) {
        self.since = since
        var last: HistoricDelivery?
        while true {
            let batch = try await store.history(since: since, before: last)
            guard let earliest = batch.last else { break }
            last = earliest
            for stored in batch { compare(stored, old, new, keeping: rowsMax) }
        }
    }

    private mutating func compare(
        _ stored: HistoricDelivery,
        _ old: Router,
        _ new: Router,
        keeping rowsMax: Int
    ) {
        guard !stored.isPruned else {
            pruned += 1
            return
        }
        compared += 1
        let (before, after) = (old.decide(stored.delivery), new.decide(stored.delivery))
        guard let change = Change(from: before.jobs, to: after.jobs) else { return }
        counts[change, default: 0] += 1
        guard rows.count < rowsMax else { return }
        rows.append(
            Row(
                seq: stored.delivery.target.delivery,
                id: stored.delivery.id,
                eventType: stored.delivery.eventType,
                receivedAt: stored.delivery.receivedAt,
                repo: (before.jobs + after.jobs).first?.repo ?? "",
                change: change,
                routes: Self.routes(before.jobs, after.jobs),
                because: Self.because(before, after),
                reasons: (before.reason, after.reason)
            )
        )
    }

    /// What becomes of each route's job.
    static func routes(_ old: [NewJob], _ new: [NewJob]) -> [String] {
        let gone = old.filter { job in !new.contains { $0.route == job.route } }
        let changed: [String] = new.compactMap { job in
            guard let earlier = old.first(where: { $0.route == job.route }) else {
                return "+\(job.route)"
            }
            let ways = ways(earlier, job)
            return ways.isEmpty ? nil : "\(job.route): \(ways.joined(separator: ", "))"
        }
        let words = changed + gone.map { "-\($0.route)" }
        return words.isEmpty ? ["another order"] : words
    }

    /// Why routes that newly run, or no longer do, did not or do not.
    static func because(_ old: Decision, _ new: Decision) -> [String] {
        let started = new.jobs.filter { job in !old.jobs.contains { $0.route == job.route } }
        let gone = old.jobs.filter { job in !new.jobs.contains { $0.route == job.route } }
        return started.map { "\($0.route): \(reason(of: $0.route, old, isNew: false))" }
            + gone.map { "\($0.route): \(reason(of: $0.route, new, isNew: true))" }
    }

    /// Why a route makes no job by one of the two configurations.
    private static func reason(of route: String, _ decision: Decision, isNew: Bool) -> String {
        let record = DecisionRecord(json: decision.explanation)
        if let said = record?.said(by: route) {
            if said.mode == "shadow", said.matched {
                return isNew ? "in mode shadow" : "was in mode shadow"
            }
            if let because = said.because { return because }
        }
        if let routes = record?.routes, !routes.contains(where: { $0.route == route }) {
            return isNew ? "there is no such route" : "there was no such route"
        }
        return decision.reason ?? "not asked"
    }

    private static func ways(_ old: NewJob, _ new: NewJob) -> [String] {
        var ways: [String] = []
        if old.handler != new.handler {
            ways.append("handler \(new.handler), not \(old.handler)")
        }
        if old.lane != new.lane {
            ways.append("lane \(new.lane ?? "none"), not \(old.lane ?? "none")")
        }
        if old.trustNeeded != new.trustNeeded {
            ways.append(
                "trust \(new.trustNeeded ?? "of any level"), "
                    + "not \(old.trustNeeded ?? "of any level")"
            )
        }
        if old.asksGitea != new.asksGitea {
            ways.append(new.asksGitea ? "Gitea is asked" : "Gitea is not asked")
        }
        if old.with != new.with { ways.append("with \(new.with), not \(old.with)") }
        if old.redelivery != new.redelivery {
            ways.append("redelivery \(new.redelivery), not \(old.redelivery)")
        }
        return ways
    }

    // MARK: Showing it

    /// Counts, then deliveries.
    func text(time: LocalTime, on terminal: Terminal) -> String {
        let fields = FieldList(
            [
                ("compared", Cell("\(compared) since \(time.full(since))")),
                ("the same", Cell(compared - counts.values.reduce(0, +))),
            ]
                + Change.allCases.map { change in
                    let count = counts[change] ?? 0
                    return (change.words, Cell("\(count)", tone: count > 0 ? .attention : .plain))
                }
                + [
                    (
                        "not compared",
                        pruned == 0 ? Cell(0) : Cell("\(pruned), whose bodies were pruned")
                    )
                ]
        )
        guard !rows.isEmpty else { return fields.text(on: terminal) }
        let table = Table(
            header: ["delivery", "received", "event_type", "repo", "change", "routes", "because"],
            rows: rows.map { row in
                [
                    Cell(row.seq.rawValue), Cell(time.short(row.receivedAt)), Cell(row.eventType),
                    row.repo.isEmpty ? .absent : Cell(row.repo), Cell(row.change.words),
                    Cell(row.routes.joined(separator: "; ")),
                    row.because.isEmpty ? .absent : Cell(row.because.joined(separator: "; ")),
                ]
            }
        )
        return fields.text(on: terminal) + "\n" + table.text(on: terminal)
    }

    /// One object.
    var json: JSONValue {
        let counts: [(String, JSONValue)] = Change.allCases.map { change in
            (change.rawValue, .integer(Int64(self.counts[change] ?? 0)))
        }
        return .object(
            [
                ("since", .time(since)),
                ("compared", .integer(Int64(compared))),
                ("pruned", .integer(Int64(pruned))),
            ] + counts + [("deliveries", .array(rows.map(\.json)))]
        )
    }
}

extension RouteDifference.Row {
    fileprivate var json: JSONValue {
        .object([
            ("seq", .integer(seq.rawValue)),
            ("delivery_id", .string(id.rawValue)),
            ("event_type", .string(eventType)),
            ("received_at", .time(receivedAt)),
            ("repo", repo.isEmpty ? .null : .string(repo)),
            ("change", .string(change.rawValue)),
            ("routes", .array(routes.map { .string($0) })),
            ("because", .array(because.map { .string($0) })),
            ("reason", .optional(reasons.old)),
            ("new_reason", .optional(reasons.new)),
        ])
    }
}

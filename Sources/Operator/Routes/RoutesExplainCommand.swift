import ArgumentParser
import Program
import QueueCore
import Routing
import Settings

/// `samovar routes explain`.
struct RoutesExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a delivery made the jobs that it made, and which it would make now.",
        discussion: """
            Shows which secret verified it, what each gate said, for each route the value that \
            failed it, and the jobs with their lanes and the trust they ask for: as it was \
            recorded, and as the present configuration would decide. Where they differ, it says \
            so. Of a repeat (Gitea's "Redeliver") it says what was done with each earlier job; \
            what is decided now is as if it were none. Nothing is run, nothing is written.

            Examples:
              samovar routes explain 17
              samovar routes explain d12cb7f3 --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Argument(help: "A delivery's seq, id, or a beginning of it of at least 8 characters.")
    var delivery: DeliveryArgument

    func run() async throws {
        try await reporting {
            try await configurationOption.withStore { store, configuration in
                let seq = try await delivery.find(in: store)
                guard let record = try await store.records(.delivery(seq)).first,
                    let stored = try await store.history(of: seq)
                else {
                    throw Failure(.notFound, "delivery \(seq) was removed just now")
                }
                let jobs = try await store.records(
                    .jobs(Selection(delivery: seq), limit: Self.jobsMax)
                )
                let explanation = RouteExplanation(
                    record: record,
                    jobs: jobs.reversed(),
                    stored: stored,
                    configuration: configuration
                )
                try StandardOutput.write(
                    output.json
                        ? JSONOutput.object(explanation.json)
                        : explanation.text(.now, on: .standardOutput())
                )
            }
        }
    }

    /// More jobs than a delivery has, unless it was replayed thousands of times.
    private static let jobsMax = 10_000
}

/// Why a delivery made the jobs that it made, and which it would make now.
struct RouteExplanation {
    /// The delivery's row.
    private let record: Record
    /// What became of it in the queue, oldest first.
    private let jobs: [Record]
    private let isPruned: Bool
    private let configuration: Configuration
    private let decision: Decision
    private let then: DecisionRecord?
    private let now: DecisionRecord?
    private let parties: EventParties?

    init(record: Record, jobs: [Record], stored: HistoricDelivery, configuration: Configuration) {
        self.record = record
        self.jobs = jobs
        self.configuration = configuration
        isPruned = stored.isPruned
        parties = stored.isPruned ? nil : Router.parties(of: stored.delivery)
        decision = Router(configuration).decide(stored.delivery)
        if case .json(let json) = record["decision"] {
            then = DecisionRecord(json: json)
        } else {
            then = nil
        }
        now = stored.isPruned ? nil : DecisionRecord(json: decision.explanation)
    }

    /// Where the present configuration decides otherwise; nil when there is nothing to compare.
    var differences: [String]? {
        guard let then, let now else { return nil }
        return DecisionComparison(then: then, now: now).differences
    }

    // MARK: For people

    func text(_ rendering: RecordRendering, on terminal: Terminal) -> String {
        let action = now?.action ?? then?.action
        var fields: [(name: String, value: Cell)] = [
            ("delivery", Cell("\(record.text("seq")) (\(record.text("delivery_id")))")),
            ("event", Cell(record.text("event_type") + (action.map { ", \($0)" } ?? ""))),
            ("repository", parties?.repository.map { Cell($0) } ?? .absent),
            ("sender", parties?.sender.map { Cell($0) } ?? .absent),
            ("received", received(rendering)),
            ("source", Cell(record.text("source"))),
            ("signature", signature),
            ("recorded", recorded),
            ("now", present),
        ]
        if let differences {
            fields.append(
                (
                    "differs",
                    differences.isEmpty
                        ? Cell("no") : Cell(differences.joined(separator: "; "), tone: .attention)
                )
            )
        }
        var text = FieldList(fields).text(on: terminal)
        text += DecisionText(now: now, then: then).text(on: terminal)
        guard !jobs.isEmpty else { return text }
        let table = rendering.table(
            jobs,
            columns: ["id", "route", "handler", "lane", "trust_needed", "state", "reason"]
        )
        return text + "\nin the queue\n" + table.text(on: terminal)
    }

    private var signature: Cell {
        guard case .text(let id) = record["verified_by"] else {
            return Cell("not verified: taken as it is (verify: observe)", tone: .attention)
        }
        let source = configuration.ingress.sources.first { $0.name == record.text("source") }
        let isKnown = source?.secrets.contains { $0.id == id } ?? false
        return Cell(
            "verified by secret \(id)" + (isKnown ? "" : ", which is not configured any more"),
            tone: .good
        )
    }

    private var recorded: Cell {
        guard case .text(let verdict) = record["verdict"] else {
            return Cell("waits to be routed", tone: .attention)
        }
        return Self.cell(verdict, record["reason"] == .null ? nil : record.text("reason"))
    }

    private var present: Cell {
        guard !isPruned else {
            return Cell("not known: its body was pruned", tone: .attention)
        }
        let cell = Self.cell(decision.verdict.rawValue, decision.reason)
        guard decision.verdict == .routed, then?.repeated != nil else { return cell }
        return Cell("routed, were it no repeat")
    }

    private func received(_ rendering: RecordRendering) -> Cell {
        rendering.cell(record["received_at"], column: "received_at", isShort: false)
    }

    private static func cell(_ verdict: String, _ reason: String?) -> Cell {
        Cell(verdict + (reason.map { ": \($0)" } ?? ""))
    }

    // MARK: For programs

    /// One object.
    var json: JSONValue {
        let columns = [
            "seq", "delivery_id", "source", "event", "event_type", "received_at", "verified_by",
            "verdict", "reason", "decided_at", "decision",
        ]
        let present: JSONValue =
            isPruned
            ? .null
            : .object([
                ("verdict", .string(decision.verdict.rawValue)),
                ("reason", .optional(decision.reason)),
                ("decision", .verbatim(decision.explanation)),
            ])
        return .object(
            columns.map { ($0, JSONValue(record[$0])) } + [
                ("now", present),
                ("differences", differences.map { .array($0.map { .string($0) }) } ?? .null),
                ("jobs", .array(jobs.map { JSONValue($0) })),
            ]
        )
    }
}

extension Router {
    /// The rules of a configuration, as a worker goes by them.
    init(_ configuration: Configuration) {
        self.init(
            routes: configuration.routes,
            gates: configuration.gates,
            trust: configuration.trust
        )
    }
}

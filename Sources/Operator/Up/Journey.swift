import Foundation
import QueueCore

/// The way of one delivery, from the answer to what its handlers printed.
struct Journey {
    /// One job of it.
    struct Stop {
        var job: Record
        var attempts: [Record]
        var output: AttemptOutput?
    }

    /// The event it is about.
    var eventType: String

    /// What the ingress said.
    var answer: IngressClient.Answer

    /// Its row; nil until it was looked up.
    var delivery: Record?

    /// Its jobs.
    var stops: [Stop] = []

    /// A journey of which only the answer is known.
    init(eventType: String, answer: IngressClient.Answer) {
        self.eventType = eventType
        self.answer = answer
    }

    /// Looks where it is now.
    mutating func follow(_ id: String, in store: SQLiteStore) async throws {
        guard case .found(let seq) = try await store.find(delivery: id) else { return }
        delivery = try await store.records(.delivery(seq)).first
        let jobs = try await store.records(
            .jobs(Selection(delivery: seq), limit: Self.jobsMax)
        )
        stops = []
        for job in jobs.reversed() {
            guard let number = job.integer("id") else { continue }
            let id = JobID(rawValue: number)
            stops.append(
                Stop(
                    job: job,
                    attempts: try await store.records(.attempts(id)),
                    output: try await store.output(of: id, attempt: nil)
                )
            )
        }
    }

    /// Whether nothing more will happen by itself.
    var hasEnded: Bool {
        guard let delivery, delivery["verdict"] != .null else { return false }
        return stops.allSatisfy { $0.job["finished_at"] != .null }
    }

    /// One line for each step.
    func text(on terminal: Terminal) -> String {
        guard let delivery else {
            return "  The sample was answered \(answer.status), but the store does not have it.\n"
        }
        var fields: [(name: String, value: Cell)] = [
            (
                "  accepted",
                Cell(
                    "delivery \(delivery.text("seq")) (\(eventType)) stored and answered "
                        + "\(answer.status) in \(Quantity.text(answer.duration))"
                )
            )
        ]
        fields.append(("  routed", routed(delivery)))
        for stop in stops { fields += Self.fields(stop) }
        return FieldList(fields).text(on: terminal)
    }

    private func routed(_ delivery: Record) -> Cell {
        guard let received = delivery.time("received_at"), let decided = delivery.time("decided_at")
        else { return Cell("not yet, after 15 s: is samovar-worker running?", tone: .bad) }
        let time = "\(Quantity.text(max(decided - received, .zero))) after acceptance"
        guard !stops.isEmpty else {
            let verdict = delivery.text("verdict")
            return Cell("\(verdict): \(delivery.text("reason")), \(time)", tone: .attention)
        }
        let targets = stops.map {
            "to handler \($0.job.text("handler")) by route \($0.job.text("route"))"
        }
        return Cell("\(targets.joined(separator: ", ")), \(time)")
    }

    private static func fields(_ stop: Stop) -> [(name: String, value: Cell)] {
        let id = stop.job.text("id")
        guard let attempt = stop.attempts.last else {
            return [("  waits", Cell("job \(id): see `samovar jobs show \(id)`", tone: .bad))]
        }
        let name = "job \(id), attempt \(attempt.text("number"))"
        guard let start = attempt.time("started_at"), let end = attempt.time("ended_at") else {
            return [("  runs", Cell("\(name): not finished after 15 s", tone: .attention))]
        }
        let outcome = attempt.text("outcome")
        var text = "\(name): \(outcome) in \(Quantity.text(max(end - start, .zero)))"
        let error = attempt.text("error")
        if !error.isEmpty { text += ": \(error)" }
        let fields = [(name: "  ran", value: Cell(text, tone: outcome == "done" ? .good : .bad))]
        return fields + output(stop.output)
    }

    /// The first lines of what the handler printed.
    private static func output(_ output: AttemptOutput?) -> [(name: String, value: Cell)] {
        let lines = String(decoding: output?.kept ?? Data(), as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .prefix(Self.linesMax)
        return lines.enumerated().map { index, line in
            (index == 0 ? "  output" : "", Cell(String(line)))
        }
    }

    private static let jobsMax = 100
    private static let linesMax = 5
}

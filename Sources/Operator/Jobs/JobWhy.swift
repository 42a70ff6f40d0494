import QueueCore
import Settings

/// Why a job does or does not run: one answer, and the facts.
struct JobWhy {
    let situation: JobSituation
    /// The job's row.
    let record: Record
    /// When its last attempt began.
    let started: Timestamp?
    /// Whether its delivery still has a body.
    let hasBody: Bool
    /// Its handler; nil when it is not configured.
    let handler: HandlerSettings?
    /// Its handler's jobs at once, over all workers; nil when it is not configured.
    let concurrency: Int?
    /// Jobs at once in one worker.
    let slots: Int
    /// The workers that hold their locks.
    let alive: Set<WorkerID>
    let now: Timestamp
    let time: LocalTime

    /// What it waits for, most decisive first.
    var reasons: [WaitReason] {
        situation.waitReasons(
            concurrency: concurrency,
            slots: slots,
            alive: alive,
            now: now
        )
    }

    private var words: WaitReasonText {
        WaitReasonText(situation, now: now, time: time)
    }

    // MARK: The answer

    /// One sentence, or two.
    var answer: String {
        switch situation.state {
        case .ready: waiting
        case .leased: running
        case .done, .dead, .cancelled: ended
        }
    }

    private var waiting: String {
        guard let first = reasons.first else {
            preconditionFailure("a ready job has a reason to wait")
        }
        let start = "job \(situation.job) waits\(words.clause(first))"
        let failures = record.integer("failures") ?? 0
        guard failures > 0 else { return start }
        let count =
            handler.map { "\(failures) of \(Quantity.count($0.retry.attempts, "failure"))" }
            ?? Quantity.count(Int(failures), "failure")
        return "\(start); \(count) so far"
    }

    private var running: String {
        let since = started.map { " since \(time.short($0)) (\(age($0)))" } ?? ""
        let worker = situation.worker.map(\.rawValue) ?? "?"
        let start =
            "job \(situation.job) runs\(since) in worker \(worker), "
            + "as attempt \(situation.attempt) (token \(situation.job).\(situation.attempt))"
        // The attempt is open, and it is known already how it ends.
        if let error = situation.lastError {
            return "job \(situation.job) was taken over by worker \(worker), because "
                + "\(VisibleText.line(error)): what is left of attempt \(situation.attempt) is "
                + "being killed, then it runs again"
        }
        if !isWorkerAlive {
            return start
                + (alive.isEmpty
                    ? ". This worker is dead, and no other one is alive to take the job over: "
                        + "start samovar-worker, or `samovar up`"
                    : ". This worker is dead: another one is about to take the job over")
        }
        return situation.cancelRequested
            ? start + ". It was cancelled: its handler is being stopped" : start
    }

    private var ended: String {
        let since = situation.finishedAt.map { " since \(time.short($0))" } ?? ""
        let reason = situation.reason.map { ": \(VisibleText.line($0))" } ?? ""
        // Its reason says that it was discarded, and what it died of.
        let state =
            situation.diedAt.map { "dead since \(time.short($0)), and off the list" }
            ?? situation.state.rawValue
        return "job \(situation.job) is \(state)\(since)\(reason). \(remedy)"
    }

    private var remedy: String {
        let job = situation.job
        if isDiscarded {
            return "`samovar dead undiscard \(job)` puts it back on the list of dead jobs"
                + (hasBody ? "; then `samovar dead requeue \(job)` gives it a new budget" : "")
        }
        let discard = "`samovar dead discard \(job)` takes it off the list"
        guard hasBody else {
            return "The body of its delivery is pruned: it cannot run again"
                + (situation.state == .dead ? "; \(discard)" : "")
        }
        guard situation.state == .dead else {
            return "`samovar replay \(record.text("delivery"))` makes new jobs of its delivery"
        }
        let requeue = "`samovar dead requeue \(job)` gives it a new budget, \(discard)"
        let broken = situation.reason.flatMap(Mending.needed(for:))
        return broken.map { "After mending \($0), \(requeue)" } ?? requeue
    }

    private var isDiscarded: Bool { situation.diedAt != nil }

    private var isWorkerAlive: Bool {
        situation.worker.map(alive.contains) ?? false
    }

    private func age(_ start: Timestamp) -> String {
        Quantity.text(max(now - start, .zero))
    }

    /// The other reasons, and what can be done about the first.
    var remarks: [String] {
        guard let first = reasons.first else { return [] }
        let others = reasons.dropFirst().map { reason in
            let isLane = if case .lane = reason { true } else { false }
            return "also: \(isLane ? "it waits for " : "")\(words.text(reason))"
        }
        return others + [outage, words.hint(first)].compactMap(\.self)
    }

    /// Until when it is no failure that the job's service cannot be reached; nil when it does not
    /// wait for one.
    var noFailureUntil: Timestamp? {
        guard situation.state == .ready, handler?.http != nil,
            let since = record.time("snoozed_since"),
            !record.text("last_error").hasPrefix(GiteaTrouble.errorStart)
        else { return nil }
        return since + QueueCore.Limits.outageLongest
    }

    private var outage: String? {
        noFailureUntil.map { end in
            let since = record.time("snoozed_since").map { " since \(time.short($0))" } ?? ""
            return "its service has not been reached\(since): that is no failure until "
                + "\(time.short(end))" + (end < now ? ", which is over: it counts now" : "")
        }
    }

    // MARK: Output

    /// For people: the answer, remarks, and the facts.
    func text(on terminal: Terminal) -> String {
        let lines = ([answer] + remarks).map { "\($0)\n" }.joined()
        var fields: [(String, Cell)] = [
            ("job", Cell(situation.job.rawValue)),
            ("state", Cell(isDiscarded ? StateArgument.discarded : situation.state.rawValue)),
            ("route", Cell(situation.route)),
            ("handler", Cell(situation.handler.rawValue)),
            ("delivery", Cell(record.text("delivery"))),
            ("lane", situation.lane.map { Cell($0) } ?? .absent),
        ]
        if !record.text("trust_needed").isEmpty { fields.append(("trust", trust)) }
        // Of one that runs or has ended, it would be a time without a meaning.
        if situation.state == .ready { fields.append(("due", Cell(time.short(situation.runAt)))) }
        fields += [
            ("attempt", Cell(situation.attempt)),
            ("failures", Cell(record.integer("failures") ?? 0)),
            ("last error", lastError),
        ]
        return lines + "\n" + FieldList(fields).text(on: terminal)
    }

    private var trust: Cell {
        let levels = record.text("trust_needed").replacing(",", with: " or ")
        return Cell("\(levels), looked at right before the handler starts")
    }

    private var lastError: Cell {
        let error = record.text("last_error")
        return error.isEmpty ? .absent : Cell(error)
    }

    /// One object.
    var json: JSONValue {
        let isRunning = situation.state == .leased
        return .object([
            ("job", .integer(situation.job.rawValue)),
            ("state", .string(situation.state.rawValue)),
            ("answer", .string(answer)),
            ("waits_for", .array(reasons.map(words.json))),
            ("route", .string(situation.route)),
            ("handler", .string(situation.handler.rawValue)),
            ("delivery", JSONValue(record["delivery"])),
            ("lane", .optional(situation.lane)),
            ("trust_needed", JSONValue(record["trust_needed"])),
            ("run_at", .time(situation.runAt)),
            ("attempt", .integer(situation.attempt)),
            ("failures", JSONValue(record["failures"])),
            ("snoozed_since", JSONValue(record["snoozed_since"])),
            ("no_failure_until", .time(noFailureUntil)),
            ("attempts_most", handler.map { .integer(Int64($0.retry.attempts)) } ?? .null),
            ("worker", .optional(situation.worker?.rawValue)),
            ("worker_alive", isRunning ? .boolean(isWorkerAlive) : .null),
            ("token", isRunning ? .string("\(situation.job).\(situation.attempt)") : .null),
            ("started_at", isRunning ? .time(started) : .null),
            ("cancel_requested", .boolean(situation.cancelRequested)),
            ("reason", .optional(situation.reason)),
            ("finished_at", .time(situation.finishedAt)),
            ("died_at", .time(situation.diedAt)),
            ("last_error", JSONValue(record["last_error"])),
        ])
    }
}

import QueueCore

/// Reasons to wait, for people and for programs.
struct WaitReasonText {
    let job: JobID
    let handler: HandlerName
    let lane: String?
    let now: Timestamp
    let time: LocalTime

    /// What it waits for, without a full stop.
    func text(_ reason: WaitReason) -> String {
        switch reason {
        case .paused(let pause): paused(pause)
        case .handlerNotConfigured: "handler \(handler) is not in the configuration"
        case .noWorkerAlive: "no worker is alive: start samovar-worker, or `samovar up`"
        case .lane(let holder, let ahead): laneText(holder, ahead)
        case .notDue(let until, let error):
            "not due until \(time.short(until)) (in \(Quantity.text(until - now)))"
                + (error.map { ", because the last attempt ended so: \(VisibleText.line($0))" }
                    ?? "")
        case .breakerOpen(let breakers, let everywhere): breaker(breakers, everywhere)
        case .handlerAtLimit(let running, let limit):
            "handler \(handler) is at its limit: \(running) of \(limit) run"
        case .alone(let losses):
            "it runs alone, in a worker that has nothing else to do, because "
                + "\(losses == 1 ? "a worker" : "\(losses) workers") died while it ran"
        case .slotsBusy(let slots, let workers):
            "all \(slots) slots are busy"
                + (workers == 1 ? "" : " (\(Quantity.count(workers, "worker")))")
        case .afterSuspect(let job):
            "its turn comes: job \(job) runs alone first, because a worker died while it ran"
        case .inLine(0): "it is next in line"
        case .inLine(let others):
            "its turn comes: \(Quantity.count(others, "other job")) of handler \(handler) "
                + (others == 1 ? "is ready" : "are ready")
        }
    }

    /// Completes `job 5 waits`, without a full stop.
    func clause(_ reason: WaitReason) -> String {
        let isLane = if case .lane = reason { true } else { false }
        return (isLane ? " for " : ": ") + text(reason)
    }

    /// What an operator can do about it.
    func hint(_ reason: WaitReason) -> String? {
        switch reason {
        case .paused(let pause): "`samovar resume \(pause.target.option)` ends the pause"
        case .lane(.some(let holder), _):
            holder.pauses.first.map { "`samovar resume \($0.target.option)` ends the pause" }
                ?? "`samovar jobs why \(holder.job)` says more"
        case .notDue(_, let error):
            error.map { $0.hasPrefix(GiteaTrouble.errorStart) } ?? false
                ? "once Gitea answers, `samovar jobs retry-now \(job)` asks it at once"
                : "`samovar jobs retry-now \(job)` makes it due"
        case .handlerNotConfigured:
            "put it back into the configuration, or `samovar jobs cancel \(job)`"
        case .alone:
            "when no worker has become idle within a minute, one claims no more until it is; "
                + "the third loss makes the job dead"
        case .afterSuspect(let job): "`samovar jobs why \(job)` says more"
        case .breakerOpen:
            "it costs no failure; `samovar breakers close \(handler)` has one job tried at once"
        case .lane, .noWorkerAlive, .handlerAtLimit, .slotsBusy, .inLine:
            nil
        }
    }

    private func paused(_ pause: Pause) -> String {
        let why = pause.reason.map { " (\(VisibleText.line($0)))" } ?? ""
        return "\(pause.target.shown) is paused since \(time.short(pause.since))\(why)"
    }

    private func laneText(_ holder: JobSituation.LaneHolder?, _ ahead: Int) -> String {
        let lane = "its lane \(lane.map(VisibleText.line) ?? "")"
        guard let holder else { return lane }
        let state =
            if let pause = holder.pauses.first {
                paused(pause)
            } else if holder.state == .leased {
                "it runs"
            } else {
                "\(holder.state), due \(time.short(holder.runAt))"
            }
        let jobs = ahead == 0 ? "" : "; \(Quantity.count(ahead, "job")) ahead"
        return "\(lane), held by job \(holder.job) (\(state))\(jobs)"
    }

    private func breaker(_ breakers: [OpenBreaker], _ everywhere: Bool) -> String {
        guard let first = breakers.first else { return "a breaker is open" }
        let place =
            if breakers.count == 1 {
                "worker \(first.worker)" + (everywhere ? "" : ", not in the others")
            } else {
                everywhere ? "all \(breakers.count) workers" : "\(breakers.count) workers, not all"
            }
        let error = first.error.map { ": \(VisibleText.line($0))" } ?? ""
        let until = breakers.compactMap(\.until).min()
        let next =
            breakers.contains(where: \.isProbing)
            ? ", one job tries now" : until.map { ", next try \(time.short($0))" } ?? ""
        return "the breaker of handler \(handler) is open in \(place)\(error)\(next)"
    }

    /// One object: what kind of reason, its facts, and the text.
    func json(_ reason: WaitReason) -> JSONValue {
        let facts: [(name: String, value: JSONValue)] =
            switch reason {
            case .paused(let pause):
                [
                    ("kind", .string("paused")), ("target", .string(pause.target.kind)),
                    ("name", .string(pause.target.name)), ("reason", .optional(pause.reason)),
                    ("since", .time(pause.since)),
                ]
            case .handlerNotConfigured: [("kind", .string("handler_not_configured"))]
            case .noWorkerAlive: [("kind", .string("no_worker"))]
            case .lane(let holder, let ahead):
                [
                    ("kind", .string("lane")), ("lane", .optional(lane)),
                    ("held_by", holder.map { .integer($0.job.rawValue) } ?? .null),
                    ("held_by_state", .optional(holder?.state.rawValue)),
                    ("held_by_run_at", .time(holder?.runAt)),
                    ("held_by_pauses", .array(holder?.pauses.map(\.json) ?? [])),
                    ("ahead", .integer(Int64(ahead))),
                ]
            case .notDue(let until, let error):
                [
                    ("kind", .string("not_due")), ("until", .time(until)),
                    ("last_error", .optional(error)),
                ]
            case .breakerOpen(let breakers, let everywhere):
                [
                    ("kind", .string("breaker")), ("everywhere", .boolean(everywhere)),
                    ("breakers", .array(breakers.map(\.json))),
                ]
            case .handlerAtLimit(let running, let limit):
                [
                    ("kind", .string("handler_limit")), ("running", .integer(Int64(running))),
                    ("limit", .integer(Int64(limit))),
                ]
            case .alone(let losses):
                [("kind", .string("alone")), ("losses", .integer(Int64(losses)))]
            case .slotsBusy(let slots, let workers):
                [
                    ("kind", .string("slots")), ("slots", .integer(Int64(slots))),
                    ("workers", .integer(Int64(workers))),
                ]
            case .afterSuspect(let job):
                [("kind", .string("after_suspect")), ("suspect", .integer(job.rawValue))]
            case .inLine(let others):
                [("kind", .string("in_line")), ("others", .integer(Int64(others)))]
            }
        return .object(facts + [(name: "text", value: .string(text(reason)))])
    }
}

extension WaitReasonText {
    /// The words for a job.
    init(_ situation: JobSituation, now: Timestamp, time: LocalTime) {
        self.init(
            job: situation.job,
            handler: situation.handler,
            lane: situation.lane,
            now: now,
            time: time
        )
    }
}

extension OpenBreaker {
    /// One object.
    var json: JSONValue {
        .object([
            ("worker", .string(worker.rawValue)), ("handler", .string(handler.rawValue)),
            ("state", .string(isProbing ? "probing" : "open")), ("since", .time(since)),
            ("failures", failures.map { .integer(Int64($0)) } ?? .null),
            ("until", .time(until)), ("error", .optional(error)),
        ])
    }
}

import QueueCore

/// How the queue stands, for people.
extension QueueStatus {
    /// One field on each line, then what needs a table.
    func text(time: LocalTime, on terminal: Terminal) -> String {
        var fields: [(name: String, value: Cell)] = [
            ("store", Cell(path)),
            ("deliveries", Cell(store.deliveries)),
            ("to be routed", Cell(toBeRouted)),
            ("jobs", Cell(jobs)),
            ("oldest waiting", oldestWaiting(time)),
        ]
        if let trouble = store.giteaTrouble { fields.append(("Gitea", trouble.cell(time))) }
        if !stranded.isEmpty { fields.append(("no handler", strandedJobs)) }
        fields += [
            ("paused", paused(time)),
            ("open breakers", openBreakers(time)),
            ("newest dead job", newestDead),
            ("database", Cell(Quantity.text(bytes: store.databaseBytes))),
            ("log (WAL)", Cell(Quantity.text(bytes: disk.logBytes))),
            ("free disk", disk.freeBytes.map { Cell(Quantity.text(bytes: $0)) } ?? .absent),
        ]
        if let spool { fields.append(("spool", spool.cell(now: now))) }
        if let ingress {
            fields.append(("ingress", ingress.cell))
        } else if isIngressUnread {
            fields.append(
                ("ingress", Cell("not asked: mistakes in the configuration hide where it is"))
            )
        }
        fields += [
            ("workers", alive)
        ]
        fields += outdated.map { ("configuration", $0) }
        fields += [
            ("incidents", Cell(incidents.isEmpty ? "none in the last day" : "see below"))
        ]
        var text = FieldList(fields).text(on: terminal)
        if !workers.isEmpty { text += "\n" + workerTable(time).text(on: terminal) }
        if !dead.isEmpty { text += "\ndead jobs\n" + deadTable(time).text(on: terminal) }
        guard !incidents.isEmpty else { return text }
        let table = RecordRendering(time: time).table(
            incidents,
            columns: ["kind", "source", "subject", "count", "last_at", "resolved_at", "detail"]
        )
        return text + "\nincidents of the last day\n" + table.text(on: terminal)
    }

    private var toBeRouted: String {
        guard replaysWaiting > 0 else { return "\(store.toBeRouted)" }
        let are = replaysWaiting == 1 ? "is a replay" : "are replays"
        return "\(store.toBeRouted), of which \(replaysWaiting) \(are)"
    }

    private func oldestWaiting(_ time: LocalTime) -> Cell {
        guard let since = store.oldestWaiting else { return Cell("none") }
        guard let job = store.oldestWaitingJob else {
            return Cell("to be routed, for \(age(since))")
        }
        let why = oldest.map { $0.clause(now: now, time) } ?? ""
        return Cell("job \(job), made \(age(since)) ago\(why)")
    }

    private var jobs: String {
        JobState.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
    }

    /// What waits until somebody does something, however many workers there are.
    private var strandedJobs: Cell {
        let texts = stranded.map { stranded in
            let wait = stranded.jobs == 1 ? "waits" : "wait"
            return "\(Quantity.count(stranded.jobs, "job")) \(wait) for handler "
                + "\(stranded.handler), which is not in the configuration"
        }
        return Cell(texts.joined(separator: "; "), tone: .bad)
    }

    private var newestDead: Cell {
        lastDeath.map { Cell("\(age($0)) ago", tone: .bad) } ?? Cell("none")
    }

    private func paused(_ time: LocalTime) -> Cell {
        guard !pauses.isEmpty else { return Cell("nothing") }
        let texts = pauses.map { pause in
            let reason = pause.reason.map { ": \($0)" } ?? ""
            return "\(pause.target.shown) (since \(time.short(pause.since))\(reason))"
        }
        return Cell(texts.joined(separator: ", "), tone: .attention)
    }

    private func openBreakers(_ time: LocalTime) -> Cell {
        guard !breakers.isEmpty else { return Cell("none") }
        let texts = breakers.map { breaker in
            let next =
                breaker.isProbing
                ? ", one job tries now"
                : breaker.until.map { ", next try \(time.short($0))" } ?? ""
            let error = breaker.error.map { ": \($0)" } ?? ""
            return "handler \(breaker.handler) in worker \(breaker.worker)\(error)\(next)"
        }
        return Cell(texts.joined(separator: "; "), tone: .bad)
    }

    private var alive: Cell {
        let count = workers.count { $0.isAlive }
        return count == 0
            ? Cell("none running: start samovar-worker, or `samovar up`", tone: .bad)
            : Cell("\(count) running")
    }

    /// What keeps living workers from going by the file as it is now; each mistake once, though
    /// every worker has it.
    private var outdated: [Cell] {
        var errors: [String] = []
        for worker in workers where worker.isAlive {
            guard case .text(let error) = worker.record["configuration_error"] else { continue }
            if !errors.contains(error) { errors.append(error) }
        }
        return errors.flatMap { error in
            [Cell("changed, but not taken over: the old one goes on", tone: .bad)]
                + error.split(separator: "\n").map { Cell("  \($0)", tone: .bad) }
        }
    }

    /// A clock that was set back makes no negative age.
    private func age(_ time: Timestamp) -> String {
        Quantity.text(max(now - time, .zero))
    }

    /// The largest groups of dead jobs; the rest is one line.
    private func deadTable(_ time: LocalTime) -> Table {
        var table = RecordRendering(time: time).table(
            Array(dead.prefix(Self.deadMost)),
            columns: ["jobs", "route", "handler", "reason"]
        )
        let rest = dead.dropFirst(Self.deadMost).compactMap { $0.integer("jobs") }.reduce(0, +)
        if rest > 0 {
            table.rows.append([Cell(rest), Cell("others"), .absent, Cell("`samovar dead list`")])
        }
        return table
    }

    private static let deadMost = 5

    private func workerTable(_ time: LocalTime) -> Table {
        Table(
            header: ["worker", "host", "pid", "version", "started", "heartbeat", "alive"],
            rows: workers.map { worker in
                let record = worker.record
                let heartbeat = record.time("heartbeat_at").map {
                    Cell(Quantity.text(max(now - $0, .zero)) + " ago")
                }
                return [
                    Cell(record.text("id")), Cell(record.text("host")),
                    Cell(record.integer("pid") ?? 0), Cell(record.text("version")),
                    record.time("started_at").map { Cell(time.short($0)) } ?? .absent,
                    heartbeat ?? .absent,
                    worker.isAlive ? Cell("yes", tone: .good) : Cell("no", tone: .bad),
                ]
            }
        )
    }
}

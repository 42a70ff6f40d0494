/// A decision for people: what the gates said, what each route said, and the jobs.
struct DecisionText {
    let now: DecisionRecord?
    /// What was recorded; nil where nothing was.
    let then: DecisionRecord?

    private var comparison: DecisionComparison? {
        guard let now, let then else { return nil }
        return DecisionComparison(then: then, now: now)
    }

    /// Tables under their names, with what they need.
    func text(on terminal: Terminal) -> String {
        [
            ("gates", gates), ("routes", routes), ("jobs", jobs), ("loop", loop),
            (repeatTitle, repeats),
        ]
        .filter { !$0.1.rows.isEmpty }
        .map { "\n\($0.0)\n\($0.1.text(on: terminal))" }
        .joined()
    }

    private var repeatTitle: String {
        "repeat of delivery \(then?.repeated.map { "\($0.of)" } ?? "")"
    }

    private var repeats: Table {
        Table(
            header: ["route", "earlier job", "what was done"],
            rows: (then?.repeated?.routes ?? []).map { step in
                [Cell(step.route), step.job.map { Cell($0) } ?? .absent, Cell(step.then)]
            }
        )
    }

    private var loop: Table {
        Table(
            header: ["issue", "earlier", "limit", "parked"],
            rows: (then?.loop).map { loop in
                [
                    [
                        Cell(loop.issue), Cell(loop.earlier), Cell(loop.most),
                        loop.parked ? Cell("yes", tone: .attention) : Cell("no"),
                    ]
                ]
            } ?? []
        )
    }

    private var gates: Table {
        let shown = now?.gates ?? then?.gates ?? []
        guard now != nil, let recorded = then?.gates, recorded != shown else {
            return Table(
                header: ["gate", "says", "because"],
                rows: shown.map { [Cell($0.gate), Self.cell($0), Cell($0.because)] }
            )
        }
        return Table(
            header: ["gate", "recorded", "now", "because"],
            rows: shown.map { gate in
                let then = recorded.first { $0.gate == gate.gate }
                return [
                    Cell(gate.gate), then.map(Self.cell) ?? .absent, Self.cell(gate),
                    Cell(gate.because),
                ]
            }
        )
    }

    private static func cell(_ gate: DecisionRecord.Gate) -> Cell {
        Cell(gate.verdict, tone: gate.verdict == "hold" ? .attention : .plain)
    }

    private var routes: Table {
        guard let comparison else {
            let only = now ?? then
            return Table(
                header: ["route", "says", "because"],
                rows: (only?.routeNames ?? []).map { name in
                    [
                        Cell(name), Self.cell(only?.outcome(of: name)),
                        only?.because(name).map { Cell($0) } ?? .absent,
                    ]
                }
            )
        }
        return Table(
            header: ["route", "recorded", "now", "", "because"],
            rows: comparison.routeNames.map { name in
                let (old, new) = (comparison.then, comparison.now)
                let differs = comparison.differs(name)
                // Of what is gone, the reason of then is the only one.
                let reason = new.said(by: name) == nil ? old.because(name) : new.because(name)
                return [
                    Cell(name), Self.cell(old.outcome(of: name)), Self.cell(new.word(of: name)),
                    Cell(differs ? "differs" : "", tone: .attention),
                    reason.map { Cell($0) } ?? .absent,
                ]
            }
        )
    }

    private static func cell(_ word: String?) -> Cell {
        guard let word else { return .absent }
        return Cell(word, tone: word == "job" ? .good : .plain)
    }

    private var jobs: Table {
        let new = now?.jobs ?? []
        let old = then?.jobs ?? []
        guard comparison != nil else {
            return Self.jobs((now == nil ? old : new).map { ($0, nil) })
        }
        let rows =
            new.map { ($0, decided($0, isRecorded: old.contains($0), isNow: true)) }
            + old.filter { !new.contains($0) }
            .map { ($0, decided($0, isRecorded: true, isNow: false)) }
        return Self.jobs(rows)
    }

    /// When it was decided; of a repeat what became of it: the decision has jobs that never were.
    private func decided(
        _ job: DecisionRecord.Job,
        isRecorded: Bool,
        isNow: Bool
    ) -> String {
        guard isRecorded else { return "now" }
        if let step = then?.repeated(by: job.route), step.isWithoutJob {
            return "recorded as a repeat: \(step.text)"
        }
        return isNow ? "recorded and now" : "recorded"
    }

    private static func jobs(_ jobs: [(job: DecisionRecord.Job, when: String?)]) -> Table {
        let hasWhen = jobs.contains { $0.when != nil }
        return Table(
            header: ["route", "handler", "lane", "trust", "mode"] + (hasWhen ? ["decided"] : []),
            rows: jobs.map { job, when in
                [
                    Cell(job.route), Cell(job.handler), job.lane.map { Cell($0) } ?? .absent,
                    trust(job), job.mode.map { Cell($0) } ?? .absent,
                ] + (when.map { [Cell($0)] } ?? [])
            }
        )
    }

    /// Which levels it takes, and whether Gitea is asked right before it starts.
    private static func trust(_ job: DecisionRecord.Job) -> Cell {
        if let needed = job.trustNeeded {
            if job.trust == "admitted" { return Cell("admitted, as \(needed)") }
            return Cell("asked at the start: \(needed)", tone: .attention)
        }
        return job.trust.map { Cell($0) } ?? .absent
    }
}

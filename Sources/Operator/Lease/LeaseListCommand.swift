import ArgumentParser
import Program
import QueueCore
import Settings

/// `samovar lease list`.
struct LeaseListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the attempts that run: which worker, since when, how long their lease is.",
        discussion: """
            The lease of a worker that is dead does not matter: another worker takes the job over \
            at once, after what is left of the attempt is gone.

            Examples:
              samovar lease list
              samovar lease list --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    func run() async throws {
        try await reporting {
            try await configurationOption.withQueue { store, configuration in
                let leases = try await look(store, configuration)
                if output.json {
                    try StandardOutput.write(JSONOutput.list(leases.map(\.json)))
                } else if leases.isEmpty {
                    StandardError.note("nothing runs")
                } else {
                    let table = RunningLease.table(leases, now: Clocks.system.now())
                    try StandardOutput.write(table.text(on: .standardOutput()))
                }
            }
        }
    }

    /// The leased jobs, oldest first; one that ended while this looks is left out.
    private func look(
        _ store: SQLiteStore,
        _ configuration: Configuration
    ) async throws -> [RunningLease] {
        let jobs = try await store.records(.running)
        let alive = configuration.alive(jobs.map { WorkerID(rawValue: $0.text("worker")) })
        var leases: [RunningLease] = []
        for job in jobs {
            guard let id = job.integer("id"), let attempt = job.integer("attempt"), attempt >= 1
            else { continue }
            let token = AttemptToken(job: JobID(rawValue: id), attempt: attempt)
            let check = try await store.check(token) { !alive.contains($0) }
            if case .lost(.ended) = check { continue }
            if case .lost(.superseded) = check { continue }
            let worker = WorkerID(rawValue: job.text("worker"))
            leases.append(
                RunningLease(
                    token: token,
                    handler: job.text("handler"),
                    repo: job.text("repo"),
                    worker: worker,
                    isAlive: alive.contains(worker),
                    started: try await store.records(.attempts(token.job)).last?.time("started_at"),
                    check: check
                )
            )
        }
        return leases
    }
}

/// An attempt that runs.
struct RunningLease {
    let token: AttemptToken
    let handler: String
    let repo: String
    let worker: WorkerID
    /// Whether the worker holds its lock.
    let isAlive: Bool
    let started: Timestamp?
    let check: LeaseCheck

    /// A row for each.
    static func table(_ leases: [RunningLease], now: Timestamp) -> Table {
        let time = LocalTime(now: now)
        return Table(
            header: [
                "token", "handler", "repo", "worker", "alive", "started", "runs", "lease left",
            ],
            rows: leases.map { lease in
                [
                    Cell(lease.token.description), Cell(lease.handler),
                    lease.repo.isEmpty ? .absent : Cell(lease.repo), Cell(lease.worker.rawValue),
                    lease.isAlive ? Cell("yes", tone: .good) : Cell("no", tone: .bad),
                    lease.started.map { Cell(time.short($0)) } ?? .absent,
                    lease.started.map { Cell(Quantity.text(max(now - $0, .zero))) } ?? .absent,
                    lease.leaseLeft,
                ]
            }
        )
    }

    private var leaseLeft: Cell {
        switch check {
        case .held(let left?): Cell(Quantity.text(left))
        case .held(nil): .absent
        case .lost(.takenOver): Cell("taken over", tone: .bad)
        case .lost(.earlierBoot): Cell("earlier boot", tone: .bad)
        case .lost: Cell("ran out", tone: .bad)
        }
    }

    /// One object.
    var json: JSONValue {
        let left: JSONValue =
            if case .held(let left?) = check { .real(left.seconds) } else { .null }
        return .object([
            ("token", .string(token.description)), ("job", .integer(token.job.rawValue)),
            ("attempt", .integer(token.attempt)), ("handler", .string(handler)),
            ("repo", .string(repo)), ("worker", .string(worker.rawValue)),
            ("alive", .boolean(isAlive)), ("started_at", .time(started)),
            ("lease_left_seconds", left),
        ])
    }
}

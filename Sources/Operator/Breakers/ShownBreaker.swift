import QueueCore
import Settings

/// A breaker of a living worker, and how many jobs wait for its handler.
struct ShownBreaker: Equatable {
    var breaker: OpenBreaker
    /// Ready jobs of the handler, over all workers.
    var jobs: Int

    /// Those that are not closed, by handler and worker.
    static func all(
        in store: SQLiteStore,
        _ configuration: Configuration
    ) async throws -> [ShownBreaker] {
        let workers = try await store.records(.workers)
        let alive = configuration.alive(workers.map { WorkerID(rawValue: $0.text("id")) })
        let jobs = try await store.readyJobs()
        let breakers = workers.flatMap { worker in
            let id = WorkerID(rawValue: worker.text("id"))
            guard alive.contains(id), case .json(let json) = worker["breakers"] else {
                return [OpenBreaker]()
            }
            return OpenBreaker.all(in: json, of: id)
        }
        return
            breakers
            .sorted {
                ($0.handler.rawValue, $0.worker.rawValue)
                    < ($1.handler.rawValue, $1.worker.rawValue)
            }
            .map { ShownBreaker(breaker: $0, jobs: jobs[$0.handler] ?? 0) }
    }

    /// One object.
    var json: JSONValue { breaker.json.adding("jobs", .integer(Int64(jobs))) }

    /// A row for each breaker.
    static func table(_ shown: [ShownBreaker], _ time: LocalTime) -> Table {
        Table(
            header: [
                "handler", "worker", "state", "since", "failures", "next try", "jobs waiting",
                "error",
            ],
            rows: shown.map { $0.cells(time) }
        )
    }

    private func cells(_ time: LocalTime) -> [Cell] {
        let next = breaker.until.map { Cell(time.short($0)) } ?? .absent
        return [
            Cell(breaker.handler.rawValue),
            Cell(breaker.worker.rawValue),
            Cell(breaker.isProbing ? "probing" : "open", tone: .attention),
            breaker.since.map { Cell(time.short($0)) } ?? .absent,
            breaker.failures.map { Cell($0) } ?? .absent,
            breaker.isProbing ? Cell("now") : next,
            Cell(jobs),
            breaker.error.map { Cell($0) } ?? .absent,
        ]
    }
}

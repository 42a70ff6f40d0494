import QueueCore

/// What `samovar status` knows.
struct QueueStatus {
    /// A worker, and whether it holds its lock.
    struct Worker {
        var record: Record
        var isAlive: Bool
    }

    /// Jobs that no worker with this configuration runs.
    struct Stranded: Equatable {
        var handler: HandlerName
        var jobs: Int
    }

    /// The store's file.
    var path: String

    /// What the store counts.
    var store: StoreStatus

    /// The job that has been waiting longest, when no delivery waits longer to be routed.
    var oldest: OldestJob?

    /// What it takes on disk.
    var disk: DiskUse

    /// What waits outside of the store; nil when no spool is configured.
    var spool: SpoolFacts?

    /// What the ingress says; nil when there is nobody to ask.
    var ingress: IngressFacts?

    /// Whether a mistake in the configuration hides whom to ask.
    var isIngressUnread = false

    /// Those that did not say that they stopped.
    var workers: [Worker]

    /// The jobs that wait for handlers which are not in the configuration.
    var stranded: [Stranded] = []

    /// What is paused.
    var pauses: [Pause]

    /// Batches of replays of which some wait.
    var replays: [Record]

    /// Dead jobs by route, handler and reason, most first.
    var dead: [Record]

    /// When the job died that is dead now and died last.
    var lastDeath: Timestamp?

    /// Those of the last day.
    var incidents: [Record]

    /// When all this was so.
    var now: Timestamp

    /// The breakers that keep living workers from running a handler.
    var breakers: [OpenBreaker] {
        workers.filter(\.isAlive).flatMap { worker in
            guard case .json(let json) = worker.record["breakers"] else { return [OpenBreaker]() }
            return OpenBreaker.all(in: json, of: WorkerID(rawValue: worker.record.text("id")))
        }
    }

    /// One object.
    var json: JSONValue {
        .object([
            ("store", .string(path)),
            ("uuid", .string(store.uuid)),
            ("schema", .integer(Int64(store.schema))),
            ("deliveries", .integer(Int64(store.deliveries))),
            ("to_be_routed", .integer(Int64(store.toBeRouted))),
            ("jobs", .object(JobState.allCases.map { ($0.rawValue, .integer(count($0))) })),
            ("oldest_waiting", .time(store.oldestWaiting)),
            ("oldest_waiting_job", oldest?.json(now: now) ?? .null),
            ("gitea_trouble", store.giteaTrouble?.json ?? .null),
            ("database_bytes", .integer(store.databaseBytes)),
            ("wal_bytes", .integer(disk.logBytes)),
            ("free_bytes", disk.freeBytes.map { .integer($0) } ?? .null),
            ("spool", spool?.json ?? .null),
            ("ingress", ingress?.json ?? .null),
            (
                "workers",
                .array(
                    workers.map { JSONValue($0.record).adding("alive", .boolean($0.isAlive)) }
                )
            ),
            (
                "handlers_not_configured",
                .array(
                    stranded.map { stranded in
                        .object([
                            ("handler", .string(stranded.handler.rawValue)),
                            ("jobs", .integer(Int64(stranded.jobs))),
                        ])
                    }
                )
            ),
            ("pauses", .array(pauses.map(\.json))),
            ("open_breakers", .array(breakers.map(\.json))),
            ("replays_waiting", .integer(replaysWaiting)),
            ("dead", .array(dead.map { JSONValue($0) })),
            ("last_death", .time(lastDeath)),
            ("incidents", .array(incidents.map { JSONValue($0) })),
        ])
    }

    /// Deliveries that wait to be routed again.
    var replaysWaiting: Int64 {
        replays.compactMap { $0.integer("waiting") }.reduce(0, +)
    }

    /// The ready jobs whose handlers the configuration does not have, most first.
    static func stranded(_ ready: [HandlerName: Int], _ handlers: [String]) -> [Stranded] {
        ready.filter { !handlers.contains($0.key.rawValue) }
            .map { Stranded(handler: $0.key, jobs: $0.value) }
            .sorted { ($1.jobs, $0.handler.rawValue) < ($0.jobs, $1.handler.rawValue) }
    }

    /// Jobs in a state.
    func count(_ state: JobState) -> Int64 { Int64(store.jobs[state] ?? 0) }
}

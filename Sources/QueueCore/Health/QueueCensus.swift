import GRDB
import Telemetry

/// How the queue stands, counted without walking through history.
package struct QueueCensus: Equatable, Sendable {
    /// Jobs that are not finished well: by what they wait for.
    package enum Part: String, CaseIterable, MetricLabel {
        package static let labelName = "state"

        /// A worker may claim it now.
        case ready
        /// Not due yet, and put aside by a claim.
        case delayed
        /// Behind another job of its lane.
        case blocked
        /// Its route is paused, and a claim put it aside; those of a paused handler are ready.
        case paused
        /// A worker has it.
        case leased
        /// Will not run again unless an operator says so.
        case dead
    }

    /// Each count ends at ``Limits/censusMost``.
    package var jobs: [Part: Int]
    package var unroutedDeliveries: Int
    package var waitingReplays: Int
    /// When the oldest delivery came that waits to be routed.
    package var oldestDelivery: Timestamp?
    /// When the job was due that waits longest for a worker: of the oldest ``Limits/censusOldest``.
    package var oldestJob: Timestamp?
}

extension Examination {
    /// Looks once, in one short read transaction.
    package func census(now: Timestamp) throws(StoreError) -> QueueCensus {
        try read { database in
            let live = try Self.count(Self.live, in: database)
            var jobs: [QueueCensus.Part: Int] = [
                .ready: try Self.count(Self.ready, in: database),
                .delayed: try Self.count(Self.delayed, in: database),
                .paused: try Self.count(Self.paused, in: database),
                .leased: try Self.count(Self.leased, in: database),
                .dead: try Self.count(Self.dead, in: database),
            ]
            // No index counts them; they are what is left.
            let others = [.ready, .delayed, .paused, .leased].reduce(0) { $0 + (jobs[$1] ?? 0) }
            jobs[.blocked] = max(0, live - others)
            return QueueCensus(
                jobs: jobs,
                unroutedDeliveries: try Self.count(Self.unrouted, in: database),
                waitingReplays: try Self.count(Self.replays, in: database),
                oldestDelivery: try Int64.fetchOne(database, sql: Self.oldestUnrouted)
                    .map(Timestamp.init(rawValue:)),
                oldestJob: try Int64.fetchOne(
                    database,
                    sql: Self.oldestReady,
                    arguments: [Limits.censusOldest, now.rawValue]
                ).map(Timestamp.init(rawValue:))
            )
        }
    }

    /// Counts as far as ``Limits/censusMost``.
    private static func count(_ rows: String, in database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM (\(rows) LIMIT ?)"
        return try Int.fetchOne(database, sql: sql, arguments: [Limits.censusMost]) ?? 0
    }

    /// All that a census asks, for a test of their plans.
    static let censusStatements = [
        live, ready, delayed, paused, leased, dead, unrouted, replays, oldestUnrouted, oldestReady,
    ]

    // Each is served by the partial index that it names, which holds these rows and no others.

    private static let live = """
        SELECT 1 FROM job INDEXED BY job_live WHERE state IN ('ready', 'leased')
        """

    private static let ready = """
        SELECT 1 FROM job INDEXED BY job_claimable
        WHERE state = 'ready' AND blocked = 0 AND parked IS NULL
        """

    private static let delayed = """
        SELECT 1 FROM job INDEXED BY job_delayed WHERE state = 'ready' AND parked = 'delayed'
        """

    private static let paused = """
        SELECT 1 FROM job INDEXED BY job_paused WHERE state = 'ready' AND parked = 'paused'
        """

    private static let leased = "SELECT 1 FROM job INDEXED BY job_leased WHERE worker IS NOT NULL"

    private static let dead = "SELECT 1 FROM job INDEXED BY job_dead WHERE state = 'dead'"

    private static let unrouted = """
        SELECT 1 FROM routing INDEXED BY routing_waiting WHERE verdict IS NULL
        """

    private static let replays = """
        SELECT 1 FROM replay_request INDEXED BY replay_request_waiting WHERE verdict IS NULL
        """

    private static let oldestUnrouted = """
        SELECT received_at FROM delivery WHERE seq = (
            SELECT delivery FROM routing INDEXED BY routing_waiting
            WHERE verdict IS NULL ORDER BY delivery LIMIT 1)
        """

    /// Along job_live: ids grow with time, so the oldest jobs are at its beginning.
    private static let oldestReady = """
        SELECT min(run_at) FROM (
            SELECT state, blocked, parked, run_at FROM job INDEXED BY job_live
            WHERE state IN ('ready', 'leased') ORDER BY id LIMIT ?)
        WHERE state = 'ready' AND blocked = 0 AND parked IS NULL AND run_at <= ?
        """
}

import QueueCore
import Routing
import Settings

/// The jobs that replays would make if they were routed now, with the present configuration.
struct ReplayForecast {
    /// How many, by route and handler, most first.
    private(set) var jobs: [Record] = []
    /// What is not in it; nil when it is about all of them.
    private(set) var note: String?

    /// Deliveries that are decided: their bodies are read, one after the other.
    private static let deliveriesMost = 1000

    private struct Kind: Hashable {
        let route: String
        let handler: String
    }

    /// Decides the first of the deliveries; nothing is changed.
    ///
    /// - Throws: what the store throws.
    init(
        of seqs: [DeliverySeq],
        onlyRoute: String?,
        _ configuration: Configuration,
        in store: SQLiteStore
    ) async throws {
        guard configuration.unread.isEmpty else {
            note = "which jobs will be made is not known: the configuration has mistakes"
            return
        }
        let router = Router(configuration)
        var counts: [Kind: Int64] = [:]
        for seq in seqs.prefix(Self.deliveriesMost) {
            guard let stored = try await store.history(of: seq), !stored.isPruned else { continue }
            let live = try await store.liveJobs(of: seq)
            for job in router.decide(stored.delivery).jobs
            where (onlyRoute == nil || job.route == onlyRoute) && live[job.route] == nil {
                counts[Kind(route: job.route, handler: job.handler.rawValue), default: 0] += 1
            }
        }
        jobs = counts.sorted { ($1.value, $0.key.route) < ($0.value, $1.key.route) }.map {
            Record([
                ("jobs", .integer($1)), ("route", .text($0.route)), ("handler", .text($0.handler)),
            ])
        }
        if seqs.count > Self.deliveriesMost {
            note = "these are the jobs of the first \(Self.deliveriesMost) deliveries"
        }
    }
}

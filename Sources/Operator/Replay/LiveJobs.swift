import QueueCore

/// The jobs that replays will leave alone, because they wait or run.
struct LiveJobs: Equatable {
    let count: Int
    /// Whether only the first deliveries were looked at.
    let isPart: Bool

    /// Deliveries that are looked at, one read each.
    static let deliveriesMost = 1000

    /// What people are told; nil when there are none.
    var note: String? {
        guard count > 0 else { return nil }
        let first = isPart ? "the first \(Self.deliveriesMost) of " : ""
        let are = count == 1 ? "is" : "are"
        return "\(Quantity.count(count, "job")) of \(first)these deliveries \(are) live: left "
            + "alone, and their routes make no second one beside them"
    }
}

extension LiveJobs {
    /// Counts them as they are now: some may have ended when a replay is routed.
    init(of seqs: [DeliverySeq], in store: SQLiteStore) async throws {
        var count = 0
        for seq in seqs.prefix(Self.deliveriesMost) {
            count += try await store.liveJobs(of: seq).count
        }
        self.init(count: count, isPart: seqs.count > Self.deliveriesMost)
    }
}

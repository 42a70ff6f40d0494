import QueueCore

/// Replays that were asked for: one batch, or several when there are very many, each one commit.
struct ReplayRequests {
    private(set) var batches: [ReplayBatch] = []
    /// Deliveries that the store left out, because they were pruned since they were chosen.
    private(set) var leftOut = 0
    /// What ended it early, or kept all of it from being done; the batches before it stay.
    private(set) var failure: StoreError?

    /// Deliveries that will be routed again.
    var count: Int { batches.map(\.count).reduce(0, +) }

    /// Requests in one commit: some 0.2 s on a slow disk, so that the ingress is not kept waiting.
    private static let batch = 10_000

    /// Asks for all of them, as far as it goes.
    ///
    /// - Parameters:
    ///   - seqs: the deliveries, in the order in which they are due.
    ///   - pace: when they are due.
    ///   - batch: how many go into one commit.
    ///   - ask: makes one batch, and says how many are in it.
    init(
        _ seqs: [DeliverySeq],
        pace: Pace,
        batch: Int = batch,
        ask: ([DeliverySeq], Pace) async throws(StoreError) -> ReplayBatch
    ) async {
        var refusal: StoreError?
        for start in stride(from: 0, to: seqs.count, by: batch) {
            let part = Array(seqs[start..<min(start + batch, seqs.count)])
            // The store counts those that it takes: the next batch goes on from there.
            let rest = Pace(start: pace.time(of: count), spacing: pace.spacing)
            do throws(StoreError) {
                let made = try await ask(part, rest)
                batches.append(made)
                leftOut += part.count - made.count
            } catch .refused(let reason) {
                leftOut += part.count
                refusal = .refused(reason: reason)
            } catch {
                failure = error
                return
            }
        }
        if batches.isEmpty { failure = refusal }
    }
}

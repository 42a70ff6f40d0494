import QueueCore
import TestSupport
import Testing

/// A store with something in every state, and a shell on it.
func withEveryState(_ body: (Shell) async throws -> Void) async throws {
    try await withQueueAndShell { queue, shell in
        let outcomes: [Outcome] = [
            .dead(reason: "broken"), .done, .cancelled(reason: "asked"),
        ]
        for outcome in outcomes {
            _ = try await queue.add()
            try await queue.end(try await queue.claimOne(), outcome)
        }
        _ = try await queue.add(lane: "lane")
        _ = try await queue.claimOne()
        _ = try await queue.add()
        let seqs = try await queue.accept(2)
        // Delivery 6 waits; its neighbour, and what follows, is decided past it.
        try shell.run(
            """
            UPDATE routing SET verdict = 'ignored', reason = 'r', decided_at = 1
            WHERE delivery = \(seqs[1])
            """
        )
        var (one, two) = (Delivery.sample(id: "both"), Delivery.sample(id: "pruned"))
        let batch = [one, two]
        one.source = "mirror"
        two.id = DeliveryID(rawValue: "both")
        let twin = one
        _ = try await queue.store.accept { batch + [twin] }
        try shell.run(
            """
            UPDATE routing SET verdict = 'ignored', reason = 'r', decided_at = 1
            WHERE delivery = (SELECT seq FROM delivery WHERE delivery_id = 'pruned');
            UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1
            WHERE delivery_id = 'pruned'
            """
        )
        #expect(
            try shell.strings("SELECT state FROM job ORDER BY id") == [
                "dead", "done", "cancelled", "leased", "ready",
            ]
        )
        try await body(shell)
    }
}

/// Tries a statement out, which must be refused with these words.
func expectRefusal(of sql: String, saying message: String, by shell: Shell) throws {
    let error = #expect(throws: (any Error).self, "\(sql)") { try shell.tryOut(sql) }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains(message), "\(sql)")
}

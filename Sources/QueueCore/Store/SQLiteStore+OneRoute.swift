import GRDB

extension SQLiteStore {
    /// What is left of a replay's decision when its request is for one route alone.
    ///
    /// The jobs of that one; what the others said stays recorded. Done where the jobs are written, so
    /// that whoever decides need not know of it.
    func narrowed(
        _ decision: Decision,
        toRouteOf request: Int64,
        in database: Database
    ) throws -> Decision {
        let route = try String.fetchOne(
            database.cachedStatement(sql: Self.onlyRoute),
            arguments: [request]
        )
        guard let route, decision.verdict == .routed else { return decision }
        var narrowed = decision
        narrowed.jobs = decision.jobs.filter { $0.route == route }
        if narrowed.jobs.isEmpty {
            narrowed.verdict = .ignored
            narrowed.reason = "only route \(route) may make a job, and it does not match"
        }
        return narrowed
    }

    private static let onlyRoute = "SELECT only_route FROM replay_request WHERE id = ?"
}

extension QueueStore {
    /// Asks for stored deliveries to be routed again by every route, as one batch.
    ///
    /// - Throws: as ``replay(_:pace:onlyRoute:)``.
    package func replay(
        _ deliveries: [DeliverySeq],
        pace: Pace
    ) async throws(StoreError) -> ReplayBatch {
        try await replay(deliveries, pace: pace, onlyRoute: nil)
    }
}

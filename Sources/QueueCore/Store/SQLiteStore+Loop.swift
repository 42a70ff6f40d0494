import GRDB

/// The loop breaker: when bots cause too much work on one issue, its lane is paused until a person
/// looks.
///
/// Nothing is lost: the jobs are made, and wait in lanes that are paused.
extension SQLiteStore {
    /// Counts an event that a bot caused, and parks its jobs when it is one too many.
    ///
    /// - Parameters:
    ///   - watch: what to count, and how much is too much.
    ///   - kept: what is decided about the event; made to wait when it is too much.
    ///   - seq: the event's delivery.
    ///   - origin: where it came from.
    ///   - database: within the transaction that writes the decision.
    /// - Throws: whatever the database says.
    func breakLoop(
        _ watch: LoopWatch,
        _ kept: inout KeptDecision,
        _ seq: DeliverySeq,
        _ origin: Origin,
        in database: Database
    ) throws {
        // What makes no jobs, repeats too, keeps no loop going.
        guard kept.verdict == .routed else { return }
        let earlier = try earlierEvents(watch, seq, origin, in: database)
        let isParked = try Bool.fetchOne(
            database.cachedStatement(sql: Self.issueIsParked),
            arguments: [watch.issue]
        )
        let isTooMuch = watch.isTooMuch(after: earlier, isParked: isParked == true)
        if isTooMuch { try park(watch, &kept, origin, in: database) }
        let explained = try String.fetchOne(
            database.cachedStatement(sql: Self.addLoop),
            arguments: [kept.explanation, watch.issue, earlier, watch.events, isTooMuch]
        )
        if let explained { kept.explanation = explained }
        try database.cachedStatement(sql: Self.noteBotIssue)
            .execute(arguments: [watch.issue, seq.rawValue])
    }

    /// How many there were within the window, as far as that matters.
    private func earlierEvents(
        _ watch: LoopWatch,
        _ seq: DeliverySeq,
        _ origin: Origin,
        in database: Database
    ) throws -> Int {
        try Int.fetchOne(
            database.cachedStatement(sql: Self.earlierEvents),
            arguments: [
                watch.issue, seq.rawValue, watch.events,
                (Timestamp(rawValue: origin.receivedAt) - watch.window).rawValue,
            ]
        ) ?? 0
    }

    /// Pauses the issue's lane and those of the jobs; a job without a lane waits in the issue's.
    ///
    /// A pause that a person made stays that person's. Of its own ones the breaker notes for which
    /// issues they are: when those are resumed, the pauses of wider lanes end as well.
    private func park(
        _ watch: LoopWatch,
        _ kept: inout KeptDecision,
        _ origin: Origin,
        in database: Database
    ) throws {
        kept.reason = "parked: \(watch.reason)"
        kept.jobs = kept.jobs.map { routed in
            var job = routed.job
            job.lane = job.lane ?? watch.issue
            return RoutedJob(job, repeats: routed.repeats)
        }
        for lane in Set(kept.jobs.compactMap(\.job.lane)).union([watch.issue]) {
            try database.cachedStatement(sql: Self.pauseLane)
                .execute(arguments: [lane, watch.reason, clocks.now().rawValue, watch.issue])
        }
        let incident = Incident(
            kind: .loop,
            source: origin.source,
            subject: watch.issue,
            detail: watch.reason
        )
        try count(incident, in: database)
    }

    /// Served by routing_by_bot_issue: looks at as many as may come, not at all that ever came.
    private static let earlierEvents = """
        SELECT count(*) FROM (
            SELECT delivery AS seq FROM routing
            WHERE bot_issue = ?1 AND delivery < ?2
            ORDER BY delivery DESC
            LIMIT ?3)
        JOIN delivery USING (seq)
        WHERE received_at > ?4
        """

    /// Not whether it is paused: a person may have done that, for other reasons.
    private static let issueIsParked = """
        SELECT EXISTS (
            SELECT 1 FROM pause WHERE kind = 'lane' AND name = ? AND loops IS NOT NULL)
        """

    private static let pauseLane = """
        INSERT INTO pause (kind, name, reason, paused_at, loops)
        VALUES ('lane', ?1, ?2, ?3, json_array(?4))
        ON CONFLICT (kind, name) DO UPDATE SET loops = json_insert(loops, '$[#]', ?4)
        WHERE loops IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM json_each(pause.loops) WHERE value = ?4)
        """

    private static let noteBotIssue = "UPDATE routing SET bot_issue = ? WHERE delivery = ?"

    private static let addLoop = """
        SELECT json_set(?1, '$.loop', json_object(
            'issue', ?2, 'earlier', ?3, 'most', ?4,
            'parked', json(iif(?5, 'true', 'false'))))
        """
}

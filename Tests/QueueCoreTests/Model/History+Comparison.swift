import QueueCore
import TestSupport

extension History {
    /// Every row that matters, as one line each.
    func compareAll(with shell: Shell) throws {
        try compare(shell.strings(Self.deliveries), with: model.deliveryLines)
        try compare(shell.strings(Self.jobs), with: model.jobLines)
        try compare(shell.strings(Self.replays), with: model.replayLines)
        try compare(shell.strings(Self.store), with: [model.storeLine])
        try compare(
            shell.strings("SELECT id FROM worker WHERE stopped_at IS NULL ORDER BY id"),
            with: model.workers.map(\.rawValue).sorted()
        )
        try compare(
            shell.strings("SELECT id FROM job WHERE parked IS NOT NULL AND state <> 'ready'"),
            with: []
        )
    }

    private func compare(_ found: [String], with expected: [String]) throws {
        if found == expected { return }
        let both = Set(found).intersection(expected)
        let (only, missing) = (
            found.filter { !both.contains($0) }, expected.filter { !both.contains($0) }
        )
        throw Mismatch("the store has \(only)\nthe model has \(missing)")
    }

    /// Joined by SQLite: far fewer values to carry over.
    private static func line(_ columns: [String]) -> String {
        columns.map { "coalesce(\($0), '')" }.joined(separator: " || '|' || ")
    }

    private static let deliveries = """
        SELECT \(line([
            "seq", "source", "delivery_id", "verdict", "reason", "payload_sha256", "decided_at",
            "tries", "body IS NOT NULL", "body_pruned = 0",
            "(SELECT count FROM delivery_repeat WHERE delivery = seq)",
        ]))
        FROM delivery JOIN routing ON routing.delivery = seq
        ORDER BY seq
        """

    private static let jobs = """
        SELECT \(line([
            "id", "delivery", "route", "handler", "repo", "lane", "run_at", "state", "attempt",
            "failures", "losses", "iif(finished_at IS NULL, snoozed_since, NULL)", "worker",
            "lease_until", "lease_boot", "cancel_requested", "replay", "replay_of", "reason",
            "finished_at", "died_at", "blocked",
            """
            (SELECT group_concat(coalesce(outcome, 'running')) FROM (
                SELECT outcome FROM attempt WHERE job = job.id ORDER BY number))
            """,
        ]))
        FROM job
        ORDER BY id
        """

    private static let replays = """
        SELECT \(line([
            "id", "delivery", "batch", "not_before", "verdict", "reason", "decided_at", "tries",
        ]))
        FROM replay_request
        ORDER BY id
        """

    private static let store = """
        SELECT \(line([
            "(SELECT seq FROM sqlite_sequence WHERE name = 'delivery')",
            "(SELECT seq FROM sqlite_sequence WHERE name = 'job')",
            "(SELECT count(*) FROM delivery)", "(SELECT count(*) FROM job)",
            "pruned_deliveries", "pruned_jobs", "skipped_deliveries", "skipped_jobs",
        ]))
        FROM store
        """
}

extension QueueModel {
    fileprivate var deliveryLines: [String] {
        deliveries.sorted { $0.key < $1.key }.map { seq, row in
            Self.line([
                seq, row.source, row.id, row.verdict?.rawValue, row.reason, row.hash,
                row.decidedAt?.rawValue, row.tries, row.hasBody ? 1 : 0, row.hasBody ? 1 : 0,
                row.repeats == 0 ? nil : row.repeats,
            ])
        }
    }

    fileprivate var jobLines: [String] {
        let holders = laneHolders()
        return jobs.sorted { $0.key < $1.key }.map { id, row in
            Self.line([
                id, row.delivery, row.route, row.handler, row.repo, row.lane, row.runAt.rawValue,
                row.state.rawValue, row.attempt, row.failures, row.losses,
                row.isLive ? row.snoozedSince?.rawValue : nil, row.lease?.worker.rawValue,
                row.lease?.until.rawValue, row.lease?.boot, row.cancelRequested ? 1 : 0,
                row.replay, row.replayOf, row.reason, row.finishedAt?.rawValue,
                row.diedAt?.rawValue,
                isBlocked(id, holders) ? 1 : 0,
                row.outcomes.isEmpty ? nil : row.outcomes.joined(separator: ","),
            ])
        }
    }

    fileprivate var replayLines: [String] {
        replays.sorted { $0.key < $1.key }.map { id, row in
            Self.line([
                id, row.delivery, row.batch, row.notBefore.rawValue, row.verdict, row.reason,
                row.decidedAt?.rawValue, row.tries,
            ])
        }
    }

    /// What was given out is there, or was pruned.
    fileprivate var storeLine: String {
        Self.line([
            lastDelivery == 0 ? nil : lastDelivery, lastJob == 0 ? nil : lastJob,
            lastDelivery - Int64(prunedDeliveries), lastJob - Int64(prunedJobs),
            prunedDeliveries, prunedJobs, 0, 0,
        ])
    }

    private static func line(_ values: [(any CustomStringConvertible)?]) -> String {
        values.map { $0?.description ?? "" }.joined(separator: "|")
    }
}

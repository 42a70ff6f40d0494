import Foundation
import GRDB
import Logging

/// Every write about a running job names its attempt, and zero rows changed means that another
/// attempt stands: a normal answer, not an error.
extension SQLiteStore {
    func write(_ end: AttemptEnd, in database: Database) throws -> EndResult {
        let held = try RawStatement(Self.heldJob, in: database)
            .first(end.token.job.rawValue, end.token.attempt) { row in
                (snoozedSince: row[0] as Int64?, cancelRequested: row[1] as Int64)
            }
        guard let held else { return .leaseLost }
        let next = Self.consequence(
            of: end.outcome,
            // By the store's clock: the worker's reading may be minutes old when the store was in
            // trouble, and the clock have been set back since.
            endedAt: clocks.now(),
            snoozedSince: held.snoozedSince.map(Timestamp.init(rawValue:)),
            cancelRequested: held.cancelRequested == 1
        )
        // The attempt first: a job leaves its lease only when its attempt has ended.
        try close(end, as: next.recorded, in: database)
        return .written(try apply(next, to: end.token, now: end.endedAt, in: database))
    }

    /// One that the schema refuses is tried without its output, then left to run out of its lease,
    /// so that it keeps no other outcome from being written.
    func writeUnlessRefused(_ end: AttemptEnd, in database: Database) throws -> EndResult {
        var bare = end
        bare.output = nil
        for end in [end, bare] {
            do {
                var result = EndResult.leaseLost
                try database.inSavepoint {
                    result = try write(end, in: database)
                    return .commit
                }
                return result
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                logger.error(
                    "the end of an attempt is refused",
                    metadata: ["token": "\(end.token)", "error": "\(error.message ?? "")"]
                )
            }
        }
        return .leaseLost
    }

    /// What an outcome makes of its job.
    ///
    /// Pure: the one place where docs/STATE_MACHINE.md's rows for a leased job are written down.
    static func consequence(
        of outcome: Outcome,
        endedAt now: Timestamp,
        snoozedSince: Timestamp?,
        cancelRequested: Bool
    ) -> Consequence {
        switch outcome {
        case .done:
            return .end(.done, reason: nil, recorded: "done", failed: false)
        case .dead(let reason):
            return .end(.dead, reason: reason, recorded: "dead", failed: true)
        case .cancelled(let reason):
            return .end(.cancelled, reason: reason, recorded: "cancelled", failed: false)
        case .retry, .snooze, .released:
            break
        }
        // Asked for while the handler ran: whatever would run again does not.
        if cancelRequested {
            return .end(
                .cancelled,
                reason: "cancelled by an operator",
                recorded: "cancelled",
                failed: false
            )
        }
        switch outcome {
        case .retry(let delay):
            return .again(at: now + delay, recorded: "retry", failed: true, snoozedSince: nil)
        case .snooze(let delay):
            let since = snoozedSince ?? now
            guard now - since <= Limits.snoozeLongest else {
                return .end(
                    .dead,
                    reason: "snoozed for more than 7 days",
                    recorded: "dead",
                    failed: false
                )
            }
            return .again(at: now + delay, recorded: "snooze", failed: false, snoozedSince: since)
        case .released:
            return .again(at: now, recorded: "released", failed: false, snoozedSince: snoozedSince)
        case .done, .dead, .cancelled:
            preconditionFailure("ends were answered above")
        }
    }

    enum Consequence: Equatable {
        case end(JobState, reason: String?, recorded: String, failed: Bool)
        case again(at: Timestamp, recorded: String, failed: Bool, snoozedSince: Timestamp?)

        /// The attempt's outcome.
        var recorded: String {
            switch self {
            case .end(_, _, let recorded, _), .again(_, let recorded, _, _): recorded
            }
        }
    }

    private func apply(
        _ next: Consequence,
        to token: AttemptToken,
        now: Timestamp,
        in database: Database
    ) throws -> JobState {
        switch next {
        case .end(let state, let reason, _, let failed):
            try RawStatement(Self.endJob, in: database).run(
                state.rawValue,
                reason,
                now.rawValue,
                failed ? 1 : 0,
                0,
                token.job.rawValue,
                token.attempt
            )
            return state
        case .again(let time, _, let failed, let snoozedSince):
            try RawStatement(Self.readyAgain, in: database).run(
                time.rawValue,
                failed ? 1 : 0,
                0,
                snoozedSince?.rawValue,
                token.job.rawValue,
                token.attempt,
                clocks.now().rawValue
            )
            return .ready
        }
    }

    private func close(
        _ end: AttemptEnd,
        as recorded: String,
        in database: Database
    ) throws {
        let attempt = try RawStatement(Self.endAttempt, in: database).first(
            end.endedAt.rawValue,
            recorded,
            end.exitCode.map(Int.init),
            end.signal.map(Int.init),
            end.httpStatus,
            end.error,
            end.token.job.rawValue,
            end.token.attempt
        ) { $0[0] as Int64 }
        guard let attempt, let output = end.output else { return }
        try RawStatement(Self.insertOutput, in: database).run(attempt, output.bytes, output.kept)
    }

    // MARK: Leases

    package func extend(
        _ tokens: [AttemptToken],
        worker: WorkerID,
        lease: Duration
    ) throws(StoreError) -> Extension {
        try write { database in
            var result = Extension(lost: [], cancelRequested: [])
            let until = (clocks.monotonic() + lease).rawValue
            for token in tokens {
                let cancel = try Bool.fetchOne(
                    database.cachedStatement(sql: Self.extendLease),
                    arguments: [
                        until, clocks.bootID, token.job.rawValue, token.attempt, worker.rawValue,
                    ]
                )
                switch cancel {
                case nil: result.lost.insert(token)
                case true?: result.cancelRequested.insert(token)
                case false?: break
                }
            }
            try database.execute(
                sql: "UPDATE worker SET heartbeat_at = ? WHERE id = ?",
                arguments: [clocks.now().rawValue, worker.rawValue]
            )
            return result
        }
    }

    package func cancelRequests(
        of worker: WorkerID
    ) throws(StoreError) -> Set<AttemptToken> {
        try read { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(sql: Self.cancelRequested),
                arguments: [worker.rawValue]
            )
            return Set(
                rows.map { AttemptToken(job: JobID(rawValue: $0[0]), attempt: $0[1]) }
            )
        }
    }

    // MARK: Rescue

    package func orphans(
        isDead: @Sendable (WorkerID) -> Bool
    ) throws(StoreError) -> [OrphanedAttempt] {
        let leases = try read { database in
            try Row.fetchAll(database.cachedStatement(sql: Self.leases)).map { row in
                Lease(
                    token: AttemptToken(
                        job: JobID(rawValue: row["id"]),
                        attempt: row["attempt"]
                    ),
                    worker: WorkerID(rawValue: row["worker"]),
                    until: MonotonicTime(rawValue: row["lease_until"]),
                    boot: row["lease_boot"]
                )
            }
            .sorted { $0.token.job < $1.token.job }
        }
        let now = clocks.monotonic()
        var dead: [WorkerID: Bool] = [:]
        return leases.compactMap { lease in
            let earlierBoot = lease.boot != clocks.bootID
            if !earlierBoot, lease.until >= now {
                let isGone = dead[lease.worker] ?? isDead(lease.worker)
                dead[lease.worker] = isGone
                guard isGone else { return nil }
            }
            return OrphanedAttempt(
                token: lease.token,
                worker: lease.worker,
                earlierBoot: earlierBoot
            )
        }
    }

    private struct Lease {
        var token: AttemptToken
        var worker: WorkerID
        var until: MonotonicTime
        var boot: String
    }

    package func lose(
        _ orphan: OrphanedAttempt,
        workerDied: Bool
    ) throws(StoreError) -> EndResult {
        try write { database in
            let row = try Row.fetchOne(
                database.cachedStatement(sql: Self.orphanedJob),
                arguments: [
                    orphan.token.job.rawValue, orphan.token.attempt, clocks.bootID,
                    clocks.monotonic().rawValue, workerDied ? 1 : 0,
                ]
            )
            // A worker that was only late has renewed its lease, or ended the attempt.
            guard let row else { return .leaseLost }
            let counts = workerDied && !orphan.earlierBoot
            let losses = (row["losses"] as Int).adding(saturating: counts ? 1 : 0)
            let now = clocks.now()
            let error =
                orphan.earlierBoot
                ? "the machine was started again"
                : workerDied ? "its worker died" : "its lease ran out"
            try close(
                AttemptEnd(
                    token: orphan.token,
                    outcome: .released,
                    endedAt: now,
                    error: "\(error) (worker \(orphan.worker))"
                ),
                as: "lost",
                in: database
            )
            let state: JobState
            let cancelRequested: Bool = row["cancel_requested"]
            if cancelRequested || losses >= Limits.lossesMost {
                state = cancelRequested ? .cancelled : .dead
                let reason =
                    cancelRequested
                    ? "cancelled by an operator"
                    : "quarantined: \(losses) workers died while it ran"
                try database.cachedStatement(sql: Self.endJob).execute(arguments: [
                    state.rawValue, reason, now.rawValue, 0, counts ? 1 : 0,
                    orphan.token.job.rawValue, orphan.token.attempt,
                ])
            } else {
                state = .ready
                let snoozedSince: Int64? = row["snoozed_since"]
                try database.cachedStatement(sql: Self.readyAgain).execute(arguments: [
                    now.rawValue, 0, counts ? 1 : 0, snoozedSince,
                    orphan.token.job.rawValue, orphan.token.attempt, now.rawValue,
                ])
            }
            return .written(state)
        }
    }

    private static let heldJob = """
        SELECT snoozed_since, cancel_requested FROM job
        WHERE id = ? AND state = 'leased' AND attempt = ?
        """

    private static let endJob = """
        UPDATE job
        SET state = ?, reason = ?, finished_at = ?, failures = failures + ?, losses = losses + ?,
            worker = NULL, lease_until = NULL, lease_boot = NULL, snoozed_since = NULL
        WHERE id = ? AND state = 'leased' AND attempt = ?
        """

    private static let readyAgain = """
        UPDATE job
        SET state = 'ready', run_at = ?1, parked = iif(?1 > ?7, 'delayed', NULL),
            failures = failures + ?2, losses = losses + ?3, snoozed_since = ?4,
            worker = NULL, lease_until = NULL, lease_boot = NULL
        WHERE id = ?5 AND state = 'leased' AND attempt = ?6
        """

    private static let endAttempt = """
        UPDATE attempt
        SET ended_at = ?, outcome = ?, exit_code = ?, signal = ?, http_status = ?, error = ?
        WHERE job = ? AND number = ? AND outcome IS NULL
        RETURNING id
        """

    private static let insertOutput = """
        INSERT INTO attempt_output (attempt, bytes, output) VALUES (?, ?, ?)
        """

    private static let extendLease = """
        UPDATE job
        SET lease_until = ?, lease_boot = ?
        WHERE id = ? AND state = 'leased' AND attempt = ? AND worker = ?
        RETURNING cancel_requested
        """

    /// This and the next are served by job_leased: as many rows as jobs run.
    private static let cancelRequested = """
        SELECT id, attempt FROM job
        WHERE worker = ? AND cancel_requested = 1
        """

    private static let leases = """
        SELECT id, attempt, worker, lease_until, lease_boot FROM job
        WHERE worker IS NOT NULL
        """

    private static let orphanedJob = """
        SELECT losses, cancel_requested, snoozed_since FROM job
        WHERE id = ?
            AND state = 'leased'
            AND attempt = ?
            AND (lease_boot <> ? OR lease_until < ? OR ? = 1)
        """
}

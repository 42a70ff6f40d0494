import Foundation
import GRDB
import Logging

/// Every write about a running job names its attempt, and zero rows changed means that another
/// attempt stands: a normal answer, not an error.
extension SQLiteStore {
    /// Writes how an attempt of a worker ended; not what was taken over from it.
    func write(_ end: AttemptEnd, by worker: WorkerID, in database: Database) throws -> EndResult {
        let held = try RawStatement(Self.heldJob, in: database)
            .first(end.token.job.rawValue, end.token.attempt, worker.rawValue) { row in
                (snoozedSince: row[0] as Int64?, cancelRequested: row[1] as Int64)
            }
        guard let held else { return .leaseLost }
        // Asked for where it matters: most jobs never snooze.
        let clock = try held.snoozedSince == nil ? WallClock() : wallClock(in: database).clock
        let next = Self.consequence(
            of: end.outcome,
            // By the store's clock: the worker's reading may be minutes old when the store was in
            // trouble, and the clock have been set back since.
            endedAt: clocks.now(),
            snoozedSince: held.snoozedSince.map(Timestamp.init(rawValue:)),
            cancelRequested: held.cancelRequested == 1,
            clock: clock
        )
        // The attempt first: a job leaves its lease only when its attempt has ended.
        try close(end, as: next.recorded, in: database)
        return .written(try apply(next, to: end.token, now: end.endedAt, in: database))
    }

    /// One that the schema refuses is tried without its output, then left to run out of its lease,
    /// so that it keeps no other outcome from being written.
    func writeUnlessRefused(
        _ end: AttemptEnd,
        by worker: WorkerID,
        in database: Database
    ) throws -> EndResult {
        var bare = end
        bare.output = nil
        for end in [end, bare] {
            do {
                var result = EndResult.leaseLost
                try database.inSavepoint {
                    result = try write(end, by: worker, in: database)
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
        cancelRequested: Bool,
        clock: WallClock = WallClock()
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
        case .retry(let delay, let keepsWaiting):
            return .again(
                at: now + delay,
                recorded: "retry",
                failed: true,
                snoozedSince: keepsWaiting ? snoozedSince : nil
            )
        case .snooze(let delay):
            let since = snoozedSince ?? now
            guard clock.passed(from: since, to: now) <= Limits.snoozeLongest else {
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
                token.job.rawValue,
                token.attempt
            )
            return state
        case .again(let time, _, let failed, let snoozedSince):
            try RawStatement(Self.readyAgain, in: database).run(
                time.rawValue,
                failed ? 1 : 0,
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

    private static let heldJob = """
        SELECT snoozed_since, cancel_requested FROM job
        WHERE id = ? AND state = 'leased' AND attempt = ? AND worker = ?
        """

    static let endJob = """
        UPDATE job
        SET state = ?, reason = ?, finished_at = ?, failures = failures + ?,
            worker = NULL, lease_until = NULL, lease_boot = NULL, snoozed_since = NULL
        WHERE id = ? AND state = 'leased' AND attempt = ?
        """

    static let readyAgain = """
        UPDATE job
        SET state = 'ready', run_at = ?1, parked = iif(?1 > ?6, 'delayed', NULL),
            failures = failures + ?2, snoozed_since = ?3,
            worker = NULL, lease_until = NULL, lease_boot = NULL
        WHERE id = ?4 AND state = 'leased' AND attempt = ?5
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
}

import QueueCore
import Settings

/// The job that has been waiting longest, and what keeps it.
struct OldestJob: Equatable {
    var situation: JobSituation

    /// Most decisive first; none when it began to run just now.
    var reasons: [WaitReason]

    /// `, waits: lane issue:3 is paused since 10:00:00`; empty for a job that waits no more.
    func clause(now: Timestamp, _ time: LocalTime) -> String {
        guard let first = reasons.first else { return "" }
        return ", waits" + WaitReasonText(situation, now: now, time: time).clause(first)
    }

    /// One object.
    func json(now: Timestamp) -> JSONValue {
        let words = WaitReasonText(situation, now: now, time: LocalTime(now: now))
        return .object([
            ("job", .integer(situation.job.rawValue)), ("route", .string(situation.route)),
            ("waits_for", .array(reasons.map(words.json))),
        ])
    }
}

extension OldestJob {
    /// Looks; nil without a job.
    init?(
        _ job: JobID?,
        in store: SQLiteStore,
        _ configuration: Configuration,
        now: Timestamp
    ) async throws {
        guard let job, let situation = try await store.situation(of: job) else { return nil }
        self.init(
            situation: situation,
            reasons: situation.waitReasons(
                concurrency: configuration.concurrency(of: situation.handler),
                slots: configuration.knownSlots,
                alive: configuration.alive(situation.workers.map(\.id)),
                now: now
            )
        )
    }
}

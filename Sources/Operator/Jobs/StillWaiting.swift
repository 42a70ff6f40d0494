import QueueCore
import Settings

/// What keeps jobs from running although they were made due.
struct StillWaiting {
    let configuration: Configuration
    let now: Timestamp

    /// Jobs that are looked at: more notes than these would bring are not read.
    static let jobsMax = 20

    /// Looks at jobs, the first ones of many, and has a note for each thing that keeps some.
    func notes(of jobs: [JobID], in store: SQLiteStore) async throws -> [String] {
        var situations: [JobSituation] = []
        for job in jobs.prefix(Self.jobsMax) {
            if let situation = try await store.situation(of: job) { situations.append(situation) }
        }
        let workers = Set(situations.flatMap(\.workers).map(\.id))
        let notes = notes(
            of: situations,
            alive: configuration.alive(Array(workers)),
            time: LocalTime(now: now)
        )
        let rest = jobs.count - Self.jobsMax
        guard rest > 0, !notes.isEmpty else { return notes }
        return notes + [
            "not looked at: \(Quantity.count(rest, "more job")); `samovar jobs why JOB` says what "
                + "one waits for"
        ]
    }

    /// A note for each thing that keeps some of the jobs.
    func notes(
        of situations: [JobSituation],
        alive: Set<WorkerID>,
        time: LocalTime
    ) -> [String] {
        var kept: [(clause: String, jobs: [JobID])] = []
        for situation in situations {
            let words = WaitReasonText(situation, now: now, time: time)
            let reasons = situation.waitReasons(
                concurrency: configuration.concurrency(of: situation.handler),
                slots: configuration.knownSlots,
                alive: alive,
                now: now
            )
            for clause in reasons.filter(\.holds).map(words.clause) {
                if let index = kept.firstIndex(where: { $0.clause == clause }) {
                    kept[index].jobs.append(situation.job)
                } else {
                    kept.append((clause, [situation.job]))
                }
            }
        }
        return kept.map { clause, jobs in
            let ids = jobs.map(\.description).joined(separator: ", ")
            return jobs.count == 1
                ? "job \(ids) still waits\(clause)" : "jobs \(ids) still wait\(clause)"
        }
    }
}

extension WaitReason {
    /// Whether it keeps a job that is due from being taken next.
    fileprivate var holds: Bool {
        switch self {
        case .paused, .handlerNotConfigured, .noWorkerAlive, .lane, .breakerOpen(_, true),
            .handlerAtLimit, .alone, .slotsBusy, .afterSuspect:
            true
        // The moment of the look may be a bit before that of the change.
        case .notDue, .breakerOpen(_, false), .inLine: false
        }
    }
}

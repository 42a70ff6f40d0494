import QueueCore

/// What an operator may want done with jobs.
enum JobWish: Sendable {
    case cancel
    case retryNow
    case requeue
    case discard
    case undiscard

    /// The states of jobs that it can be done with.
    var states: [JobState] {
        switch self {
        case .cancel: [.ready, .leased]
        case .retryNow: [.ready]
        case .requeue, .discard: [.dead]
        case .undiscard: [.cancelled]
        }
    }

    /// The states as people say them.
    var stateNames: [String] {
        self == .undiscard ? [StateArgument.discarded] : states.map(\.rawValue)
    }

    /// What such a job is called: `no dead job is like that`.
    var kind: String {
        switch self {
        case .cancel: "live"
        case .retryNow: "ready"
        case .requeue, .discard: "dead"
        case .undiscard: "discarded"
        }
    }

    /// In a question, and in `would cancel`.
    var verb: String {
        switch self {
        case .cancel: "cancel"
        case .retryNow: "make due now"
        case .requeue: "requeue"
        case .discard: "discard"
        case .undiscard: "take back"
        }
    }

    /// In an answer: `requeued 2 jobs`.
    var participle: String {
        switch self {
        case .cancel: "cancelled"
        case .retryNow: "due now:"
        case .requeue: "requeued"
        case .discard: "discarded"
        case .undiscard: "dead again:"
        }
    }

    /// One note for a job that it cannot be done with.
    func refusal(_ job: JobID, _ change: JobChange) -> String? {
        switch change {
        case .changed, .willStop: nil
        case .refused(let state):
            "job \(job) is \(state.rawValue), not \(stateNames.joined(separator: " or "))"
        case .discarded:
            "job \(job) is discarded: `samovar dead undiscard \(job)` puts it back on the list"
        case .bodyPruned:
            "job \(job) stays dead: the body of its delivery is pruned, nothing is left to hand "
                + "to its handler; `samovar dead discard \(job)` takes it off the list"
        case .unknown: "there is no job \(job)"
        }
    }

    /// What would become of a job, by its row.
    func forecast(_ record: Record) -> JobChange {
        let state = JobState(rawValue: record.text("state")) ?? .done
        let isDiscarded = record["died_at"] != .null
        switch self {
        case .undiscard: return isDiscarded ? .changed : .refused(state)
        case .requeue, .discard:
            if isDiscarded { return .discarded }
        case .cancel, .retryNow: break
        }
        return states.contains(state) ? .changed : .refused(state)
    }

    /// Does it with a batch of jobs, in one commit; work that it makes is due as `pace` says.
    ///
    /// A job that left `states` since it was chosen stays as it is: whoever cancels jobs that wait
    /// does not mean those that run by now.
    private func apply(
        to jobs: [JobID],
        in states: [JobState],
        pace: Pace,
        _ store: SQLiteStore
    ) async throws -> [JobChange] {
        switch self {
        case .cancel: try await store.cancel(jobs, from: Set(states))
        // These can be done with one state only, and the store looks at it.
        case .retryNow: try await store.retryNow(jobs)
        case .requeue: try await store.requeue(jobs, pace: pace)
        case .discard: try await store.discard(jobs)
        case .undiscard: try await store.undiscard(jobs)
        }
    }
}

/// What became of a wish.
struct JobChanges: Equatable, Sendable {
    /// Each job that was asked for, once, with its answer.
    var answers: [(job: JobID, change: JobChange)] = []

    static func == (left: Self, right: Self) -> Bool {
        left.answers.elementsEqual(right.answers) { $0 == $1 }
    }

    var changed: [JobID] { jobs { $0 == .changed } }
    var stopping: [JobID] { jobs { $0 == .willStop } }

    /// Whether there was a job whose delivery has no body any more.
    var hasPruned: Bool { answers.contains { $0.change == .bodyPruned } }

    private func jobs(_ fits: (JobChange) -> Bool) -> [JobID] {
        answers.filter { fits($0.change) }.map(\.job)
    }
}

extension JobWish {
    /// Does it with any number of jobs, in batches, so that the ingress never waits long for the
    /// write lock.
    func apply(
        toAll jobs: [JobID],
        in states: [JobState],
        pace: Pace,
        _ store: SQLiteStore
    ) async throws -> JobChanges {
        var changes = JobChanges()
        for start in stride(from: 0, to: jobs.count, by: Self.batch) {
            let batch = Array(jobs[start..<min(start + Self.batch, jobs.count)])
            // The store counts those that it changes: the next batch goes on from there.
            let rest = Pace(start: pace.time(of: changes.changed.count), spacing: pace.spacing)
            let answers = try await apply(to: batch, in: states, pace: rest, store)
            changes.answers += zip(batch, answers).map { (job: $0, change: $1) }
        }
        return changes
    }

    private static let batch = 500
}

/// A row for people and programs: named values in the order of their columns.
package struct Record: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)
        case time(Timestamp)
        /// A value of the column that is JSON by itself.
        case json(String)
    }

    package var columns: [(name: String, value: Value)]

    package init(_ columns: [(name: String, value: Value)]) {
        self.columns = columns
    }

    package subscript(name: String) -> Value {
        columns.first { $0.name == name }?.value ?? .null
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.columns.elementsEqual(right.columns) { $0 == $1 }
    }
}

/// Rows an operator may ask for.
///
/// Lists are newest first.
package enum RecordQuery: Sendable {
    case deliveries(limit: Int, eventType: String?, verdict: String?)
    case delivery(DeliverySeq)
    case jobs(Selection, limit: Int)
    /// The jobs that run now.
    case running
    case job(JobID)
    case attempts(JobID)
    case deadLetters(limit: Int)
    case workers
    case incidents(limit: Int)
    /// Batches of replays: how many requests, how many wait, how many jobs came of them.
    case replayBatches(limit: Int)
    /// What verified the newest deliveries, or all of them: how many, and the last time.
    case verifications(newest: Int?)
    /// How many jobs fit, by route, handler, state and reason, most first.
    case jobCounts(Selection)
    /// How many deliveries fit, by event type and verdict, most first.
    case deliveryCounts(Selection)
}

/// How the queue stands.
package struct StoreStatus: Equatable, Sendable {
    package var uuid: String
    package var schema: Int
    package var deliveries: Int
    /// Deliveries and replays that wait to be routed.
    package var toBeRouted: Int
    package var jobs: [JobState: Int]
    /// When the delivery came, the replay was asked for, or the job was made that has been waiting
    /// longest, whatever keeps it.
    package var oldestWaiting: Timestamp?
    package var databaseBytes: Int64
    /// What that is, when it is a job.
    package var oldestWaitingJob: JobID?
    /// What Gitea does not answer; nil when no job waits for that.
    package var giteaTrouble: GiteaTrouble?
}

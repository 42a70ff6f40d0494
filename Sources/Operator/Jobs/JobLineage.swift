import QueueCore

/// Which jobs a job came from, and which came from it, by replays.
struct JobLineage: Equatable, Sendable {
    /// The job it replays, the one that that one replays, and so on.
    var replayOf: [JobID] = []
    /// The jobs that replay it, directly or not, oldest first.
    var replays: [JobID] = []

    /// Reads it from the rows of all jobs of the delivery.
    init(of job: JobID, among records: [Record]) {
        var origins: [JobID: JobID] = [:]
        for record in records {
            guard let id = record.integer("id"), let origin = record.integer("replay_of") else {
                continue
            }
            // A job replays an earlier one: whatever a hand wrote, the chains end.
            if origin < id { origins[JobID(rawValue: id)] = JobID(rawValue: origin) }
        }
        func chain(_ start: JobID) -> [JobID] {
            Array(sequence(first: start) { origins[$0] }.dropFirst())
        }
        replayOf = chain(job)
        replays = origins.keys.filter { chain($0).contains(job) }.sorted()
    }

    /// What people read; nothing when no replay is involved.
    var fields: [(name: String, value: Cell)] {
        var fields: [(name: String, value: Cell)] = []
        if let first = replayOf.first {
            let rest = replayOf.dropFirst().map { ", which replays job \($0)" }.joined()
            fields.append(("replays", Cell("job \(first)\(rest)")))
        }
        if !replays.isEmpty {
            let jobs = replays.map { "job \($0)" }.joined(separator: ", ")
            fields.append(("replayed by", Cell(jobs)))
        }
        return fields
    }
}

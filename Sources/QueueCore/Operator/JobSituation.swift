/// All that is known about why a job does or does not run, read in one moment.
package struct JobSituation: Equatable, Sendable {
    package var job: JobID
    package var state: JobState
    package var handler: HandlerName
    package var route: String
    package var lane: String?
    package var attempt: Int64
    package var runAt: Timestamp
    /// Why it ended, for jobs that did.
    package var reason: String?
    package var finishedAt: Timestamp?
    /// When it had died, for one that was discarded since.
    package var diedAt: Timestamp?
    package var worker: WorkerID?
    package var cancelRequested: Bool
    /// The job that keeps it from running, when it waits for its lane.
    package var laneHolder: LaneHolder?
    /// Jobs of its lane that come before it.
    package var aheadInLane: Int
    /// Jobs of its handler that run now, over all workers.
    package var runningOfHandler: Int
    /// Jobs of its handler that could run now as well as this one.
    package var readyOfHandler: Int
    /// The pauses that concern it.
    package var pauses: [Pause]
    /// The workers that have not stopped.
    package var workers: [WorkerSighting]
    /// How its last attempt ended, when that was said.
    package var lastError: String?
    /// Workers that died while it ran; after the first it runs alone.
    package var losses = 0
    /// Another job that runs alone now, or is to run alone next.
    package var suspect: JobID?

    /// The job that holds a lane.
    package struct LaneHolder: Equatable, Sendable {
        package var job: JobID
        package var state: JobState
        package var runAt: Timestamp
        /// The pauses that keep it from running.
        package var pauses: [Pause]

        package init(job: JobID, state: JobState, runAt: Timestamp, pauses: [Pause] = []) {
            self.job = job
            self.state = state
            self.runAt = runAt
            self.pauses = pauses
        }
    }

    /// A worker as its row says.
    ///
    /// Whether it lives is said by its lock file.
    package struct WorkerSighting: Equatable, Sendable {
        package var id: WorkerID
        /// Jobs it has leased.
        package var leased: Int
        /// Its open breakers: a JSON object by handler.
        package var breakers: String

        package init(id: WorkerID, leased: Int, breakers: String) {
            self.id = id
            self.leased = leased
            self.breakers = breakers
        }
    }
}

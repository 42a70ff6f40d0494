/// Numbers that are decisions, each with its reason.
package enum Limits {
    /// A batch of deliveries in one commit.
    ///
    /// 4 MiB is some 500 ordinary deliveries: a commit of that size still ends far inside the time
    /// a request may wait for it.
    package static let batchBytes = 4 << 20

    /// Pages of log after which a checkpoint is made: below the 1000 at which a stranger's shell
    /// would checkpoint by itself, with room for one full batch (4 MiB = 1024 pages) now and then.
    package static let checkpointPages = 600

    /// Further pages after which a checkpoint that a reader blocked is tried again: a few commits,
    /// so that the log is small soon after the reader has gone.
    package static let checkpointRetryPages = 64

    /// How long a write waits for a stranger (a `sqlite3` shell) that holds the write lock.
    package static let busyTimeout = Duration.seconds(2)

    /// A lease, renewed at a third of it: two renewals may be lost before it runs out.
    package static let lease = Duration.seconds(30)

    /// A job that asks for later again and again is buried after this long.
    package static let snoozeLongest = Duration.seconds(7 * 24 * 3600)

    /// Losses in which the worker itself died after which a job is buried as quarantined.
    package static let lossesMost = 3

    /// A lost ring of the doorbell costs no more than this.
    package static let pollInterval = Duration.milliseconds(250)
}

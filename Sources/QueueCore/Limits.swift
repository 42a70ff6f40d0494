/// Numbers that are decisions, each with its reason.
package enum Limits {
    /// A batch of deliveries in one commit.
    ///
    /// 4 MiB is some 500 ordinary deliveries: a commit of that size still ends far inside the time
    /// a request may wait for it.
    package static let batchBytes = 4 << 20

    /// Deliveries that are read from history at once: with 8 KiB bodies half a MiB, read within a
    /// millisecond or two.
    package static let historyBatch = 64

    /// Pages of log after which a checkpoint is made: below the 1000 at which a stranger's shell
    /// would checkpoint by itself, with room for large commits.
    ///
    /// All wait while it runs: of 32 senders one in a hundred waits 7 ms with 400 pages and 9 with
    /// 600, at the same rate (Benchmarks/README.md).
    package static let checkpointPages = 400

    /// Further pages after which a checkpoint that a reader blocked is tried again: a few commits,
    /// so that the log is small soon after the reader has gone.
    package static let checkpointRetryPages = 64

    /// How long a write waits for a stranger (a `sqlite3` shell) that holds the write lock.
    package static let busyTimeout = Duration.seconds(2)

    /// The default of a lease, renewed at a third of it: two renewals may be lost before it runs out.
    package static let lease = Duration.seconds(30)

    /// A job that asks for later again and again is buried after this long.
    package static let snoozeLongest = Duration.seconds(7 * 24 * 3600)

    /// How long an http job waits for a service that cannot be reached before that counts as
    /// failures: a day has an operator's night in it, and lanes must not stand still for ever.
    package static let outageLongest = Duration.seconds(24 * 3600)

    /// Losses in which the worker itself died after which a job is buried as quarantined.
    package static let lossesMost = 3

    /// How long a suspect waits for a worker that has nothing else to do before one stops claiming
    /// for it; as long ordinary jobs have a worker to themselves after it has run one.
    package static let suspectPatience = Duration.seconds(60)

    /// How long a worker claims nothing so that what it runs can end and a suspect run alone: most
    /// handlers are through by then, and one that takes hours, or leaves what does not die, must not
    /// keep all others waiting.
    static let drainLongest = Duration.seconds(600)

    /// Suspects that one claim looks at: each death of a worker makes at most as many as it has slots.
    static let suspectsMost = 1000

    /// Jobs that one claim puts out of its sight, or brings back: some 10 ms of one transaction.
    ///
    /// The next claim goes on.
    package static let parkedMost = 1000

    /// Of these, how many of one repository before the next one has its turn.
    package static let parkedOfRepositoryMost = 100

    /// Workers that died while routing a delivery after which it gets the verdict `dead`.
    package static let routingTriesMost = 3

    /// The same bytes under another id within this time are a repeat: Gitea keeps its own history
    /// for people to redeliver from, and who redelivers later means it.
    package static let repeatWindow = Duration.seconds(7 * 24 * 3600)

    /// Rows that one step of pruning removes of each kind: the pages of 100 bodies are a commit
    /// of a few milliseconds.
    package static let pruneRows = 100

    /// Free pages that are kept for what comes next, whatever the size of the store: 8 MiB.
    package static let freePagesKept = 2048

    /// Pages that one step of vacuuming moves: 1 MiB.
    package static let vacuumPages = 256

    /// After each commit a store looks whether its files are still in their places (two system
    /// calls, 2 µs); before one only when the last look is older than this.
    package static let fileLookInterval = Duration.milliseconds(10)

    /// What is left of the log's file when a log that grew larger begins anew: a thousand pages,
    /// some more than between two checkpoints.
    package static let logBytesKept = 32 + 1000 * (4096 + 24)

    /// How long a start waits for the process that still has the spool: one that was told to stop
    /// lets go within moments.
    package static let spoolLockPatience = Duration.seconds(2)

    /// How long opening a store waits for the turn: every holder is quick, or stopped by somebody,
    /// and who supervises a service is told so rather than that it hangs.
    static let openPatience = Duration.seconds(10)

    /// The same for a store that is still to be made or migrated, which another process may be at:
    /// less than the 15 minutes of TimeoutStartSec in deploy/systemd.
    static let migrationPatience = Duration.seconds(600)

    /// How long a write waits for the place of the next in line: much longer than a write takes, and
    /// short beside the 3 s that a request may wait for its commit.
    static let placePatience = Duration.milliseconds(200)

    /// From when on the log has that a store waits to be opened.
    static let turnNotice = Duration.seconds(1)

    /// How long closing waits for the turn: every holder is quick, or stopped by somebody, and what
    /// was committed does not need the closing.
    static let closePatience = Duration.seconds(2)

    /// What must be free on the store's disk for it to count as one that takes deliveries: an
    /// ordinary one with its pages and their copies in the log, several times over.
    static let probeBytes = 256 << 10

    /// Where counting the queue for metrics ends: a million index entries are a tenth of a second.
    package static let censusMost = 1_000_000

    /// Among how many of the oldest live jobs the one is looked for that waits longest: their rows
    /// are read, a few milliseconds.
    package static let censusOldest = 10_000

    /// Checkpoints that fail are told so often: a full disk makes each commit try one.
    static let checkpointLogInterval = Duration.seconds(60)

    /// A reader that keeps the log from being emptied for so long is named: Samovar's own reads take
    /// milliseconds, a person's look a second or two.
    static let longReader = Duration.seconds(5)

    /// And then again so often.
    static let longReaderLogInterval = Duration.seconds(60)

    /// A lost ring of the doorbell costs no more than this.
    package static let pollInterval = Duration.milliseconds(250)
}

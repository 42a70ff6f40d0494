import NIOCore
import QueueCore

/// Numbers that are decisions, each with its reason.
enum IngressLimits {
    /// A connection that sends nothing between requests.
    ///
    /// Go's client keeps connections and loses the next POST when the server closes at that moment:
    /// so, long.
    static let idle = TimeAmount.minutes(5)

    /// From the first byte of a head to its end.
    static let head = TimeAmount.seconds(10)

    /// From the head to the end of the body.
    ///
    /// The whole of it, not the gaps in it: a byte now and then gains no time, so no lowest rate is
    /// needed. 32 MiB in 30 s are 9 Mbit/s; Gitea itself gives up after 5 s.
    static let body = TimeAmount.seconds(30)

    /// Gitea gives up after 5 s in all; an honest 503 must reach it before.
    static let commit = TimeAmount.seconds(3)

    /// How long a delivery waits for the store before it goes to the spool, where there is one.
    ///
    /// With the look that notices it (0.1 s) and a sync of the spool (10 ms, 1 s on a bad disk) it
    /// is answered before the 3 s of ``commit`` are over, and those before Gitea's 5 s.
    static let storeBudget = TimeAmount.seconds(1)

    /// The same while a full spool is imported, and has little to offer: what waits for a batch of
    /// the import is stored, and what waits in vain still has a second to be told.
    static let patientStoreBudget = TimeAmount.seconds(2)

    /// How often it is looked whether the store keeps its budget, or works again.
    static let storeLook = TimeAmount.milliseconds(100)

    /// How long a store that failed is left alone before it is tried again.
    static let recovery = TimeAmount.milliseconds(500)

    /// How long a spool that cannot be read is left alone.
    static let importRetry = TimeAmount.seconds(10)

    /// How long the store's thread may take to end when nobody waits for it any more.
    static let stop = TimeAmount.seconds(3)

    /// How long a process that ends anyway waits for its last incidents to be kept beside the store.
    static let lastWrite = TimeAmount.seconds(1)

    /// A refused body is read on for so long, up to twice the limit, so that the client comes to
    /// read the answer.
    static let drain = TimeAmount.seconds(10)

    /// Bytes of a head, empty lines in front of it aside: Gitea's has about 1 KiB, and nginx takes
    /// 32 KiB.
    static let headBytes = 32 << 10

    /// Headers of a request: Gitea sends 16, proxies add a few; Apache takes 100.
    static let headerCount = 100

    /// Bytes that are kept of what is pipelined behind a request that waits for its commit.
    ///
    /// Two reads of NIO's, of 64 KiB each: after the first one it is told to read no more.
    static let pipelinedBytes = 128 << 10

    /// Room for an answer: the longest id gives one of about 390 bytes.
    static let answerBytes = 448

    /// A refused body up to this size is read to its end for the sake of the connection, and so
    /// much is set aside at once for one that is admitted.
    static let smallBody = 64 << 10

    /// How much of a refused request is read on at most, where `ingress.max_body` does not say it:
    /// twice the default.
    static let forgottenBytes = 64 << 20

    /// Parts of a body in chunks: some, and then one for each so many bytes.
    ///
    /// A part costs about as much as 100 bytes, so bodies of tiny chunks would be the cheapest way to
    /// keep us busy.
    static let partsAtLeast = 1024
    static let chunkBytesAdvised = 64

    /// Failed signatures of one client before it is told to stop, and the time they are counted in.
    ///
    /// A hook with a wrong secret gets a handful of its administrator's attempts through.
    static let failures = 20
    static let failureWindow = TimeAmount.seconds(60)

    /// Clients whose failures are counted: 64 bytes each.
    static let throttledClients = 4096

    /// Connections that are looked at for one that gives way: of 64, drawn from any number, the
    /// longest idle is nearly always among the longest idle fiftieth of all.
    static let connectionsLookedAt = 64

    /// How often deadlines are looked at.
    static let sweep = TimeAmount.milliseconds(250)

    /// Connections that wait to be accepted; the kernel takes no more than
    /// net.core.somaxconn, 4096 as a rule.
    static let backlog: Int32 = 4096

    /// After a request to stop, connections that were at work a moment ago are kept for so long.
    ///
    /// A request that is on its way is answered, with `Connection: close`, which a client cannot
    /// miss as it can miss the end of an idle connection. Gitea waits 5 s in all.
    static let farewell = TimeAmount.seconds(1)

    /// A connection that was quiet for so long is closed at once: that the next request comes
    /// within the farewell is hardly more likely than that it comes at its end.
    static let quiet = TimeAmount.seconds(10)

    /// At most; fewer when this process may open fewer files.
    static let connections = 4096

    /// Descriptors that are not connections: the store, the doorbell, event loops, the log.
    static let otherDescriptors = 64

    /// Bodies being received or waiting for a commit, all together.
    ///
    /// Eight of the largest, or 30 000 as Gitea sends them. Beyond it the largest that is being
    /// received goes.
    static let bytesInMemory = 256 << 20

    /// Deliveries waiting for a commit: some two seconds' worth at full speed.
    static let waitingDeliveries = 32_768

    /// How often incidents are written, at most: a commit each five seconds, whoever asks for it.
    static let incidentInterval = TimeAmount.seconds(5)

    /// Incidents that wait to be written, half a kilobyte each: deliveries that were refused while
    /// the store was away, mostly.
    static let incidentsWaiting = 10_000

    /// How often the ingress says beside the store that it listens.
    static let presence = TimeAmount.seconds(1)

    /// A time without anybody listening that is worth a word: what is said each second is no more
    /// exact than that.
    static let downtime = Duration.seconds(2)

    /// How often a refused signature is logged, at most.
    static let refusalLogInterval = Duration.seconds(10)

    /// Lines about deliveries that were kept: what Gitea sends on an ordinary day is logged in full,
    /// and under load a line costs nothing next to a commit.
    static let deliveryLogLines = 20
    static let deliveryLogWindow = Duration.seconds(1)
}

/// The numbers this library decides on, each with its reason.
enum Limits {
    /// Bytes in a configuration file: a thousand routes take about 150 KB.
    static let fileBytesMax = 1 << 20

    /// Values in a file once its aliases are followed: a thousand routes have about 15 000, while
    /// aliases of aliases can make billions in a few lines.
    static let valuesCountMax = 200_000

    /// How deep values may nest.
    ///
    /// The configuration's own keys reach six levels, `with` is free.
    static let nestingDepthMax = 64

    /// Duplicate keys reported in one go; each costs one more pass over the file.
    static let duplicateKeysCountMax = 32

    /// Characters of a text that an expression is compared with: all of a title, which Gitea cuts
    /// at 255; a character costs at most 512 steps, so a text some 0.1 ms.
    static let matchedLengthMax = 1024

    /// Bytes in a secret's file.
    ///
    /// Gitea has a text column for it; a key of 64 bytes is already as long as HMAC-SHA256's block.
    static let secretBytesMax = 64 << 10

    /// Bytes in a template's file: a thousand times what a prompt for an agent takes.
    static let templateBytesMax = 1 << 20

    /// Bytes in a file of certificates: those of all public authorities together are 220 KB.
    static let certificatesBytesMax = 1 << 20

    /// Days before a certificate's end from which people are warned: authorities that renew by
    /// themselves do so 30 days before, so somebody has to look.
    static let expiryWarningDays = 14

    /// Bytes in a handler's URL, and in the value of one of its headers: what servers commonly
    /// take.
    static let urlBytesMax = 8 << 10
    static let headerBytesMax = 8 << 10

    /// Bytes under which a secret draws a warning: 128 bits.
    static let secretBytesAdvised = 16

    /// Characters in the name of a handler, a route or a secret.
    static let nameLengthMax = 64

    /// Characters of a wrong value that a message repeats.
    static let quotedLengthMax = 60

    /// What `ingress.max_body` may be: less would refuse every payload of Gitea, and SQLite's rows
    /// end near 1 GB.
    static let bodyBytes = (1 << 10)...(512 << 20)

    /// What `ingress.spool.max_size` may be: less would be full after a few deliveries; 64 GiB is
    /// hours of any Gitea there is.
    static let spoolBytes = (1 << 20)...(64 << 30)

    /// Sources in `ingress.sources`: a request's path is compared with each.
    static let sourcesCountMax = 64

    /// What `worker.slots` and a handler's `concurrency` may be: each job is a process or a
    /// connection of its own.
    static let concurrency = 1...1024

    /// What `retry.attempts` may be.
    ///
    /// With the longest delay between them, 100 attempts with the default cap take four days.
    static let attempts = 1...100

    /// What a handler's `timeout` may be.
    static let timeout = Duration.milliseconds(1)...Duration.seconds(30 * 86_400)

    /// What `retry.base` and `retry.cap` may be.
    static let retryDelay = Duration.milliseconds(1)...Duration.seconds(7 * 86_400)

    /// What `worker.lease` may be: it is renewed at a third, and a commit may take a while.
    static let lease = Duration.seconds(1)...Duration.seconds(3_600)

    /// What `worker.shutdown_grace` may be; zero stops handlers at once.
    static let shutdownGrace = Duration.zero...Duration.seconds(86_400)

    /// What `gitea.timeout` may be: an answer takes Gitea milliseconds, a busy one seconds.
    static let giteaTimeout = Duration.milliseconds(100)...Duration.seconds(300)

    /// What `gitea.concurrency` may be: Gitea itself limits nothing, and is not ours alone.
    static let giteaConcurrency = 1...64

    /// What `trust.cache` may be: somebody whose rights were taken away keeps them that long.
    static let trustCache = Duration.zero...Duration.seconds(3_600)

    /// What `gates.loop.events` may be: so many of the latest events are looked at for each
    /// new one.
    static let loopEvents = 1...1000

    /// What `gates.loop.per` may be; a loop that takes a day for one turn harms nobody.
    static let loopWindow = Duration.seconds(60)...Duration.seconds(86_400)
}

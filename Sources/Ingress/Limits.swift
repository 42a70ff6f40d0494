import NIOCore
import QueueCore

/// Numbers that are decisions, each with its reason.
enum IngressLimits {
    /// A connection that sends nothing between requests.
    ///
    /// Go's client keeps connections and loses the next POST when the server closes at that moment:
    /// so, long.
    static let idle = TimeAmount.minutes(5)

    /// From the first byte of a head to its end, and from the head to the end of the body.
    static let head = TimeAmount.seconds(10)
    static let body = TimeAmount.seconds(30)

    /// Gitea gives up after 5 s in all; an honest 503 must reach it before.
    static let commit = TimeAmount.seconds(3)

    /// A refused body is read on for so long, up to twice the limit, so that the client comes to
    /// read the answer.
    static let drain = TimeAmount.seconds(10)

    /// How often deadlines are looked at.
    static let sweep = TimeAmount.milliseconds(250)

    /// At most; fewer when this process may open fewer files.
    static let connections = 4096

    /// Descriptors that are not connections: the store, the doorbell, event loops, the log.
    static let otherDescriptors = 64

    /// Bodies being received or waiting for a commit, all together.
    static let bytesInMemory = 256 << 20

    /// Deliveries waiting for a commit: some two seconds' worth at full speed.
    static let waitingDeliveries = 32_768

    /// How often a refused signature is logged, at most.
    static let refusalLogInterval = TimeAmount.seconds(10)
}

import Health
import NIOCore
import Settings

/// All connections of the event loop: bounds them, looks after their deadlines, and lets them go
/// when the service stops.
///
/// Used on the event loop alone.
final class ConnectionRegistry {
    private var connections: [RequestHandler] = []
    /// How many connections each address has; a customer's for IPv6.
    private var counts: [UInt128: Int] = [:]
    /// Where the next look for one to let go begins.
    private var cursor = 0
    private var whenEmpty: (() -> Void)?
    private(set) var isStopping = false
    /// Bytes of bodies held by all requests.
    var bytesInMemory = 0
    /// Who proved nothing, and how often.
    var throttle = FailureThrottle()
    /// For all answers.
    var date = HTTPDate()

    private let connectionsMost: Int

    var count: Int { connections.count }

    init(connectionsMost: Int) {
        self.connectionsMost = connectionsMost
    }

    /// Takes a connection in; at the limit another one goes for it.
    ///
    /// - Returns: false when there are too many, and all wait for a commit.
    func add(_ connection: RequestHandler) -> Bool {
        if connections.count >= connectionsMost, !makeRoom() { return false }
        connection.place = connections.count
        connections.append(connection)
        counts[connection.peerKey, default: 0] += 1
        return true
    }

    func remove(_ connection: RequestHandler) {
        guard let place = connection.place else { return }
        connection.place = nil
        let last = connections.removeLast()
        if last !== connection {
            connections[place] = last
            last.place = place
        }
        let count = counts[connection.peerKey, default: 1] - 1
        counts[connection.peerKey] = count == 0 ? nil : count
        tellWhenEmpty()
    }

    /// Lets one connection go that has no whole request.
    ///
    /// There is no fixed share for an address, as all honest clients may come through one proxy.
    /// But when there is no room, an address that has more than an eighth of all gives way before
    /// others: whoever takes all connections takes them from himself. Then an idle connection goes
    /// before one in the middle of a request, and the one that has been so longest: an honest
    /// request is there within milliseconds, a slow one stays.
    ///
    /// - Returns: false when all wait for a commit.
    func makeRoom() -> Bool {
        // A look at some of them, beginning anew where the last one ended: a look at all of
        // thousands for each of thousands of connections would be the attack's success.
        let victim =
            longestDispensable(among: IngressLimits.connectionsLookedAt)
            ?? longestDispensable(among: connections.count)
        victim?.giveWay()
        return victim != nil
    }

    private func longestDispensable(among count: Int) -> RequestHandler? {
        var found: (connection: RequestHandler, rank: Rank)?
        for _ in 0..<min(count, connections.count) {
            cursor = cursor + 1 < connections.count ? cursor + 1 : 0
            let connection = connections[cursor]
            guard let (isIdle, since) = connection.dispensable else { continue }
            let siblings = counts[connection.peerKey, default: 1]
            let rank = Rank(
                siblings: siblings > connectionsMost / 8 ? siblings : 0,
                isIdle: isIdle,
                since: since
            )
            if found.map({ $0.rank < rank }) ?? true { found = (connection, rank) }
        }
        return found?.connection
    }

    /// Who gives way rather.
    private struct Rank: Comparable {
        var siblings: Int
        var isIdle: Bool
        var since: NIODeadline

        static func < (left: Self, right: Self) -> Bool {
            if left.siblings != right.siblings { return left.siblings < right.siblings }
            if left.isIdle != right.isIdle { return right.isIdle }
            return left.since > right.since
        }
    }

    /// Lets uploads go until all requests together hold what they may.
    ///
    /// The largest goes first: whoever fills the memory with bodies that do not end loses those, and
    /// an honest delivery, which is small, gets through. What waits for a commit was signed, and stays.
    func boundMemory() {
        while bytesInMemory > IngressLimits.bytesInMemory {
            // Of all of them: the largest is at least the average, so a look at thousands is paid
            // for by the bytes that had to arrive since the last one.
            let largest = connections.max { $0.unfinishedBytes < $1.unfinishedBytes }
            guard let largest, largest.unfinishedBytes > 0 else { return }
            largest.giveUpMemory()
        }
    }

    /// Called a few times a second: a task per request would cost more than the request.
    func sweep(now: NIODeadline) {
        // From the end: who is closed in between goes out of the list, and the last takes its place.
        var index = connections.count - 1
        while index >= 0 {
            if index < connections.count { connections[index].checkDeadline(now: now) }
            index -= 1
        }
    }

    /// Lets quiet connections go now, those that were at work lately after a farewell, the others
    /// after their answer.
    func stop(whenEmpty: @escaping () -> Void) {
        isStopping = true
        self.whenEmpty = whenEmpty
        for connection in connections { connection.stop() }
        tellWhenEmpty()
    }

    /// Once.
    private func tellWhenEmpty() {
        guard connections.isEmpty, let tell = whenEmpty else { return }
        whenEmpty = nil
        tell()
    }
}

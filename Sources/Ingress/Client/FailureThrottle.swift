import NIOCore
import Settings

/// Counts the requests of each client that proved nothing, and says when there were too many.
///
/// Only failing requests are ever told so: a signature is checked whoever sends it, because honest
/// deliveries may come from the same proxy. So this does not bound what a check costs; other things
/// do. A request without a signature, with one that is no digest, or without the bearer token is
/// refused at its head: nothing is hashed and nothing kept. One that looks signed costs the hash of
/// what its sender took the trouble to send (less than receiving it), at most `max_body`, within
/// 30 s, within the memory that all requests share. What the throttle bounds is what refusals cost
/// beyond that: the body of a throttled request that was refused at its head is not waited for, and
/// the guesser learns to go away.
///
/// The table is bounded; the client that failed longest ago goes for a new one. Who has more
/// networks than it has rows is not throttled, and pays what every request costs.
struct FailureThrottle {
    /// Whether a failing request gets its refusal, or is told to stop.
    enum Verdict: Equatable {
        case refused
        case tooMany(retryAfter: TimeAmount)
    }

    private struct Row {
        var client: UInt128
        var failures: Int
        var windowEnds: NIODeadline
        /// Neighbours in the order of the latest failure.
        var newer: Int
        var older: Int
    }

    private static let none = -1

    private let rowsMost: Int
    private var places: [UInt128: Int] = [:]
    private var rows: [Row] = []
    private var newest = Self.none
    private var oldest = Self.none

    init(clientsMost: Int = IngressLimits.throttledClients) {
        rowsMost = clientsMost
    }

    /// Counts a request that failed, of a client or, when it has no address, of all such clients.
    mutating func noteFailure(of client: IPAddress?, now: NIODeadline) -> Verdict {
        let place = place(of: client?.customer ?? 0, now: now)
        if now >= rows[place].windowEnds {
            rows[place].failures = 0
            rows[place].windowEnds = now + IngressLimits.failureWindow
        }
        rows[place].failures += 1
        guard rows[place].failures > IngressLimits.failures else { return .refused }
        return .tooMany(retryAfter: rows[place].windowEnds - now)
    }

    /// The row of a client, from now on the newest.
    private mutating func place(of client: UInt128, now: NIODeadline) -> Int {
        if let place = places[client] {
            guard place != newest else { return place }
            unlink(place)
            linkAsNewest(place)
            return place
        }
        let row = Row(
            client: client,
            failures: 0,
            windowEnds: now + IngressLimits.failureWindow,
            newer: Self.none,
            older: Self.none
        )
        let place: Int
        if rows.count < rowsMost {
            place = rows.count
            rows.append(row)
        } else {
            place = oldest
            unlink(place)
            places[rows[place].client] = nil
            rows[place] = row
        }
        places[client] = place
        linkAsNewest(place)
        return place
    }

    private mutating func linkAsNewest(_ place: Int) {
        rows[place].newer = Self.none
        rows[place].older = newest
        if newest == Self.none { oldest = place } else { rows[newest].newer = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (rows[place].newer, rows[place].older)
        if newer == Self.none { newest = older } else { rows[newer].older = older }
        if older == Self.none { oldest = newer } else { rows[older].newer = newer }
    }
}

import Synchronization

/// The children that this process started, which their starters wait for.
enum OwnChildren {
    static let ledger = Mutex(ChildLedger())
}

/// Tells the children that this process started from those that came to it when their parents ended.
///
/// Both look the same to the kernel, and a child may have ended before its starter was told its pid.
/// So an ended child is an orphan when nobody knows it after every start is over that was under way
/// when it was first seen.
struct ChildLedger {
    private var own: Set<Int32> = []
    private var starts: Set<UInt64> = []
    private var nextStart: UInt64 = 0
    /// Ended children that nobody knew, with the first start that cannot have made them.
    private var unknown: [Int32: UInt64] = [:]

    /// - Returns: the number of the start, for ``startEnds(_:)``.
    mutating func startBegins() -> UInt64 {
        defer { nextStart += 1 }
        starts.insert(nextStart)
        return nextStart
    }

    /// A start has made a child, which was added before, or has failed.
    mutating func startEnds(_ start: UInt64) {
        starts.remove(start)
    }

    /// A child was started here.
    mutating func add(_ pid: Int32) {
        own.insert(pid)
        unknown[pid] = nil
    }

    /// A child of ours was reaped by its starter.
    mutating func remove(_ pid: Int32) {
        own.remove(pid)
        unknown[pid] = nil
    }

    /// The ones of all children that have ended and wait to be reaped which nobody here waits for.
    ///
    /// One that is seen for the first time is none yet.
    mutating func orphans(among ended: [Int32]) -> [Int32] {
        let oldestStart = starts.min() ?? nextStart
        var (orphans, waiting): ([Int32], [Int32: UInt64]) = ([], [:])
        for pid in ended where !own.contains(pid) {
            if let start = unknown[pid], start <= oldestStart {
                orphans.append(pid)
            } else {
                waiting[pid] = unknown[pid] ?? nextStart
            }
        }
        unknown = waiting
        return orphans
    }
}

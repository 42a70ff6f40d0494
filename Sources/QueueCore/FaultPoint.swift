import Foundation
import Synchronization

/// The worst places to be killed or stopped in, by name, for tests that do just that.
///
/// `SAMOVAR_FAULT=accepted:kill` kills the program when it comes there; `stop` stops it until
/// somebody continues it; a third part names a subject, and only that one is hit. With
/// `SAMOVAR_FAULT_WHEN=FILE` nothing happens before there is such a file. Release builds have none
/// of it.
package enum FaultPoint: String, Sendable {
    /// Deliveries are committed, and nobody was told.
    case accepted
    /// Deliveries are synced in the spool, and nobody was told.
    case spooled
    /// Spooled deliveries are committed to the store, and still in the spool.
    case imported
    /// A delivery is about to be decoded; the subject is its id.
    case routing
    /// Jobs are claimed, and none has started.
    case claimed
    /// Leases are about to be renewed, while handlers run.
    case renewing
    /// Handlers have ended, and their outcomes are not recorded.
    case ended
    /// A migration is written, and not committed.
    case migrating
    /// A step of pruning is written, and not committed.
    case pruning

    /// Does what a test asked for, if it did.
    package func reach(_ subject: @autoclosure () -> String = "") {
        #if DEBUG
        guard let wish = Self.wish, wish.point == rawValue,
            wish.subject.isEmpty || wish.subject == subject(),
            Self.isTime, Self.isFirst()
        else { return }
        // Sent to this very thread, so that not one instruction follows.
        raise(wish.action == "stop" ? SIGSTOP : SIGKILL)
        #endif
    }

    #if DEBUG
    private static let awaitedFile = ProcessInfo.processInfo.environment["SAMOVAR_FAULT_WHEN"]

    private static var isTime: Bool {
        awaitedFile.map { FileManager.default.fileExists(atPath: $0) } ?? true
    }

    private static let wasReached = Mutex(false)

    /// A program that was stopped and continued goes on for good.
    private static func isFirst() -> Bool {
        wasReached.withLock { wasReached in
            defer { wasReached = true }
            return !wasReached
        }
    }

    private static let wish: (point: String, action: String, subject: String)? = {
        guard let text = ProcessInfo.processInfo.environment["SAMOVAR_FAULT"] else { return nil }
        let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count >= 2, FaultPoint(rawValue: parts[0]) != nil else {
            preconditionFailure("SAMOVAR_FAULT is point:kill or point:stop, not \(text)")
        }
        return (parts[0], parts[1], parts.count > 2 ? parts[2] : "")
    }()
    #endif
}

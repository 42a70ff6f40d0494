import Foundation
import Synchronization

/// What is done after a while, each on a thread of its own.
final class LaterActions: Sendable {
    private let open = Mutex(0)

    var areDone: Bool { open.withLock { $0 == 0 } }

    func run(after milliseconds: Int, _ action: @escaping @Sendable () -> Void) {
        open.withLock { $0 += 1 }
        Thread.detachNewThread { [self] in
            usleep(UInt32(milliseconds) * 1000)
            action()
            open.withLock { $0 -= 1 }
        }
    }
}

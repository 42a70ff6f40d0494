import Glibc
import Spawn
import Synchronization

/// The work loop's hand on a running program: its thread waits on the descriptor among others.
final class ExecControl: AttemptControl {
    struct Order: Equatable, Sendable {
        var reason: StopReason
        /// At once, without grace.
        var kill: Bool
    }

    private let wake: PipeEnds
    private let order: Mutex<Order?>

    /// - Throws: EMFILE when this process has too many open files.
    init() throws(SpawnError) {
        wake = try PipeEnds()
        // Not before: Swift 6.3 cannot compile, with optimisation, an initialiser that throws when
        // a Mutex is already there.
        order = Mutex(nil)
    }

    deinit {
        wake.close()
    }

    /// Becomes readable when there is an order.
    var descriptor: Int32 { wake.readEnd }

    /// Without a lease there is no grace: another worker may run the job already.
    func stop(_ reason: StopReason, kill: Bool) {
        let kill = kill || reason == .leaseLost
        let isNew = order.withLock { order in
            let next = Order(reason: order?.reason ?? reason, kill: kill || order?.kill == true)
            defer { order = next }
            return next != order
        }
        // Said once for each order, of which there are two at most: the pipe is never full, also
        // when nobody reads it any more because something does not die.
        guard isNew else { return }
        var byte: UInt8 = 1
        unsafe write(wake.writeEnd, &byte, 1)
    }

    /// The order that stands; called when the descriptor is readable.
    func take() -> Order? {
        var byte: UInt8 = 0
        unsafe read(wake.readEnd, &byte, 1)
        return order.withLock { $0 }
    }
}

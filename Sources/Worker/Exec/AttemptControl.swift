import Glibc
import Spawn
import Synchronization

/// Why a handler is stopped before it ended by itself.
enum StopReason: Equatable, Sendable {
    case timedOut
    case leaseLost
    case cancelled
    case shutdown
}

/// The work loop's hand on a running attempt: its thread waits on the descriptor among others.
final class AttemptControl: Sendable {
    struct Order: Equatable, Sendable {
        var reason: StopReason
        /// At once, without grace.
        var kill: Bool
    }

    private let wake: PipeEnds
    private let order = Mutex<Order?>(nil)

    /// - Throws: EMFILE when this process has too many open files.
    init() throws(SpawnError) {
        wake = try PipeEnds()
    }

    deinit {
        wake.close()
    }

    /// Becomes readable when there is an order.
    var descriptor: Int32 { wake.readEnd }

    /// Orders the attempt to stop.
    ///
    /// The first reason stays; killing may be added to it.
    func stop(_ reason: StopReason, kill: Bool) {
        order.withLock { order in
            order = Order(reason: order?.reason ?? reason, kill: kill || order?.kill == true)
        }
        // A few bytes at most are ever written, so this never blocks.
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

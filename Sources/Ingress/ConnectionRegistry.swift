import NIOCore

/// All connections of the event loop: bounds them, looks after their deadlines, and lets them go
/// when the service stops.
///
/// Used on the event loop alone.
final class ConnectionRegistry {
    private var connections: [ObjectIdentifier: RequestHandler] = [:]
    private var whenEmpty: (() -> Void)?
    private(set) var isStopping = false
    /// Bytes of bodies held by all requests.
    var bytesInMemory = 0

    /// - Returns: false when there are too many.
    func add(_ connection: RequestHandler) -> Bool {
        guard connections.count < IngressLimits.connections, !isStopping else { return false }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func remove(_ connection: RequestHandler) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { whenEmpty?() }
    }

    /// Called a few times a second: a task per request would cost more than the request.
    func sweep(now: NIODeadline) {
        for connection in connections.values { connection.checkDeadline(now: now) }
    }

    /// Lets idle connections go now, the others after their answer.
    func stop(whenEmpty: @escaping () -> Void) {
        isStopping = true
        self.whenEmpty = whenEmpty
        if connections.isEmpty { whenEmpty() }
        for connection in connections.values { connection.stop() }
    }
}

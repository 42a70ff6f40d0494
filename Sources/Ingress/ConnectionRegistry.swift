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

    private let connectionsMost: Int

    init(connectionsMost: Int) {
        self.connectionsMost = connectionsMost
    }

    /// Takes a connection in; at the limit the one that has been idle longest goes for it.
    ///
    /// - Returns: false when there are too many, and all are at work.
    func add(_ connection: RequestHandler) -> Bool {
        guard !isStopping else { return false }
        if connections.count >= connectionsMost {
            let idle = connections.values.compactMap { other in
                other.idleUntil.map { (connection: other, until: $0) }
            }
            guard let longest = idle.min(by: { $0.until < $1.until }) else { return false }
            longest.connection.stop()
        }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func remove(_ connection: RequestHandler) {
        connections[ObjectIdentifier(connection)] = nil
        tellWhenEmpty()
    }

    /// Called a few times a second: a task per request would cost more than the request.
    func sweep(now: NIODeadline) {
        for connection in connections.values { connection.checkDeadline(now: now) }
    }

    /// Lets idle connections go now, the others after their answer.
    func stop(whenEmpty: @escaping () -> Void) {
        isStopping = true
        self.whenEmpty = whenEmpty
        for connection in connections.values { connection.stop() }
        tellWhenEmpty()
    }

    /// Once.
    private func tellWhenEmpty() {
        guard connections.isEmpty, let tell = whenEmpty else { return }
        whenEmpty = nil
        tell()
    }
}

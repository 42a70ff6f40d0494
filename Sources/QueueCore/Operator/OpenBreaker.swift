import Foundation

/// A breaker that keeps one worker from running one handler.
package struct OpenBreaker: Equatable, Sendable {
    package var worker: WorkerID
    package var handler: HandlerName
    /// One job is trying whether the handler can be reached again.
    package var isProbing: Bool
    /// Failures to connect in a row.
    package var failures: Int?
    /// When the worker tries again.
    package var until: Timestamp?
    /// The last failure.
    package var error: String?

    package init(
        worker: WorkerID,
        handler: HandlerName,
        isProbing: Bool = false,
        failures: Int? = nil,
        until: Timestamp? = nil,
        error: String? = nil
    ) {
        self.worker = worker
        self.handler = handler
        self.isProbing = isProbing
        self.failures = failures
        self.until = until
        self.error = error
    }

    /// The breakers of a worker's row that are not closed, by the names of their handlers.
    ///
    /// Another version of the worker may write more, which is passed over; what cannot be read at
    /// all shows no breaker.
    package static func all(in json: String, of worker: WorkerID) -> [OpenBreaker] {
        let row = try? JSONDecoder().decode([String: Entry].self, from: Data(json.utf8))
        let open = (row ?? [:]).filter { $0.value.state != "closed" }
        return open.sorted { $0.key < $1.key }.map { handler, entry in
            OpenBreaker(
                worker: worker,
                handler: HandlerName(rawValue: handler),
                isProbing: entry.state == "probing",
                failures: entry.failures,
                until: entry.until.flatMap { Timestamp(rfc3339: $0) },
                error: entry.error
            )
        }
    }

    private struct Entry: Decodable {
        var state: String
        var failures: Int?
        var until: String?
        var error: String?
    }
}

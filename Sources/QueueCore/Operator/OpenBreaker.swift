import Foundation

/// A breaker that keeps one worker from running one handler.
package struct OpenBreaker: Equatable, Sendable {
    package var worker: WorkerID
    package var handler: HandlerName
    /// One job is trying whether the handler can be reached again.
    package var isProbing: Bool
    /// When it opened.
    package var since: Timestamp?
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
        since: Timestamp? = nil,
        failures: Int? = nil,
        until: Timestamp? = nil,
        error: String? = nil
    ) {
        self.worker = worker
        self.handler = handler
        self.isProbing = isProbing
        self.since = since
        self.failures = failures
        self.until = until
        self.error = error
    }

    /// The breakers of a worker's row that are not closed, by the names of their handlers.
    ///
    /// Another version of the worker may write more, which is passed over; what cannot be read at
    /// all shows no breaker.
    package static func all(in json: String, of worker: WorkerID) -> [OpenBreaker] {
        entries(in: json).sorted { $0.key < $1.key }.map { handler, entry in
            OpenBreaker(
                worker: worker,
                handler: HandlerName(rawValue: handler),
                isProbing: entry.state == "probing",
                since: entry.since.flatMap { Timestamp(rfc3339: $0) },
                failures: entry.failures,
                until: entry.until.flatMap { Timestamp(rfc3339: $0) },
                error: entry.error
            )
        }
    }

    /// The handlers whose breakers a worker's row shows as not closed.
    package static func handlers(in json: String) -> Set<HandlerName> {
        Set(entries(in: json).keys.map(HandlerName.init(rawValue:)))
    }

    private static func entries(in json: String) -> [String: Entry] {
        let row = try? JSONDecoder().decode([String: Entry].self, from: Data(json.utf8))
        return (row ?? [:]).filter { $0.value.state != "closed" }
    }

    private struct Entry: Decodable {
        var state: String
        var since: String?
        var failures: Int?
        var until: String?
        var error: String?
    }
}

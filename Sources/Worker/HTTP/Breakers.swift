import Gitea
import Logging
import QueueCore
import Synchronization

/// The breakers of a worker's http handlers, and how many jobs of each run.
final class Breakers: Sendable {
    private struct Watched {
        var breaker = Breaker()
        var running = 0
        /// When it opened, if it is not closed.
        var since: Timestamp?
        /// When it is open, as people read it.
        var until: Timestamp?
    }

    private let watched: Mutex<[HandlerName: Watched]>
    private let clocks: Clocks
    private let logger: Logger

    init(handlers: [HandlerName], clocks: Clocks, logger: Logger) {
        watched = Mutex(Dictionary(uniqueKeysWithValues: handlers.map { ($0, Watched()) }))
        self.clocks = clocks
        self.logger = logger
    }

    /// Watches other handlers from now on.
    ///
    /// Those that stay keep what was learned of them, unless they are `changed`: a new address
    /// deserves a new try.
    func follow(handlers: [HandlerName], changed: Set<HandlerName>) {
        watched.withLock { watched in
            let before = watched
            watched = Dictionary(
                uniqueKeysWithValues: handlers.map { handler in
                    var found = before[handler] ?? Watched()
                    if changed.contains(handler) { found.breaker = Breaker() }
                    return (handler, found)
                }
            )
        }
    }

    /// The most jobs of a handler that may be leased after the next claim.
    ///
    /// Told per process, while the limit counts all workers' jobs: so a probe may have to wait
    /// while another worker has a job of the handler, which finds out as well.
    func limit(of handler: HandlerName, concurrency: Int) -> Int {
        let now = clocks.monotonic()
        return watched.withLock { watched in
            guard let found = watched[handler] else { return concurrency }
            return switch found.breaker.admission(at: now) {
            case .all: concurrency
            case .one: min(concurrency, found.running + 1)
            case .none: min(concurrency, found.running)
            }
        }
    }

    /// A job starts.
    ///
    /// - Returns: whether it is a probe, to be told to ``end(_:of:isProbe:)``.
    func start(_ handler: HandlerName) -> Bool {
        let now = clocks.monotonic()
        return watched.withLock { watched in
            guard var found = watched[handler] else { return false }
            defer { watched[handler] = found }
            found.running += 1
            return found.breaker.start(at: now)
        }
    }

    /// What a job's end says about the connection.
    enum Sign: Equatable {
        case answered
        case failed(String)
        /// Stopped, or not even asked.
        case nothing
    }

    /// A job ends.
    ///
    /// Logs the two moments that people want to know of, and not each job.
    func end(_ sign: Sign, of handler: HandlerName, isProbe: Bool) {
        let now = clocks.monotonic()
        let wall = clocks.now()
        let news: News? = watched.withLock { watched in
            guard var found = watched[handler] else { return nil }
            defer { watched[handler] = found }
            // The job may have begun before its handler left the configuration and came back.
            found.running = max(0, found.running - 1)
            let before = found.breaker.state
            var news: News?
            switch sign {
            case .answered: if found.breaker.answered() { news = .closed }
            case .failed(let error):
                if found.breaker.failed(error, isProbe: isProbe, at: now) {
                    found.since = wall
                    news = .opened(failures: found.breaker.failures, error: error)
                }
            case .nothing: found.breaker.gaveUp(isProbe: isProbe, at: now)
            }
            if case .open(let until) = found.breaker.state, found.breaker.state != before {
                found.until = wall + (until - now)
            }
            return news
        }
        if let news { log(news, handler) }
    }

    /// An operator wants these to be tried at once.
    func close(_ handlers: Set<HandlerName>) {
        let now = clocks.monotonic()
        let wall = clocks.now()
        watched.withLock { watched in
            for handler in handlers {
                guard var found = watched[handler] else { continue }
                found.breaker.close(at: now)
                if case .open = found.breaker.state { found.until = wall }
                watched[handler] = found
            }
        }
        for handler in handlers.sorted() {
            logger.notice(
                "an operator closed a breaker, the next job is tried at once",
                metadata: ["handler": "\(handler)"]
            )
        }
    }

    private enum News {
        case opened(failures: Int, error: String)
        case closed
    }

    private func log(_ news: News, _ handler: HandlerName) {
        switch news {
        case .opened(let failures, let error):
            logger.error(
                "a handler cannot be reached, its jobs wait",
                metadata: [
                    "handler": "\(handler)", "failures": "\(failures)", "error": "\(error)",
                ]
            )
        case .closed:
            logger.notice("a handler can be reached again", metadata: ["handler": "\(handler)"])
        }
    }

    /// Every http handler, and whether its breaker is not closed.
    var areOpen: [HandlerName: Bool] {
        watched.withLock { $0.mapValues { $0.breaker.state != .closed } }
    }

    /// Those that are not closed, by handler, as one JSON object; `{}` when all are.
    var json: String {
        let notClosed = watched.withLock { $0.filter { $0.value.breaker.state != .closed } }
        let fields = notClosed.sorted { $0.key < $1.key }.map { handler, found in
            let state = found.breaker.state == .probing ? "probing" : "open"
            return """
                \(JSONText.quoted(handler.rawValue)):{"state":"\(state)",\
                "since":\(Self.json(found.since)),\
                "failures":\(found.breaker.failures),"until":\(Self.json(found.until)),\
                "error":\(JSONText.quoted(found.breaker.error))}
                """
        }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func json(_ time: Timestamp?) -> String {
        time.map { JSONText.quoted($0.rfc3339) } ?? "null"
    }
}

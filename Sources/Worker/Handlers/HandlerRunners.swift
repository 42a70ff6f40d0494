import Logging
import QueueCore
import Settings

/// Starts handlers of every kind: the one seam between the work loop and what runs jobs.
final class HandlerRunners: Sendable {
    private let exec: ExecRunner
    private let http: HTTPRunner
    private let concurrency: [HandlerName: Int]
    private let httpHandlers: Set<HandlerName>

    /// ``close()`` must be called in the end.
    init(
        configuration: Configuration,
        storeID: String,
        clocks: Clocks,
        inbox: Inbox,
        logger: Logger
    ) throws {
        let handlers = configuration.handlers
        concurrency = Dictionary(
            uniqueKeysWithValues: handlers.map {
                (HandlerName(rawValue: $0.name), $0.concurrency)
            }
        )
        httpHandlers = Set(
            handlers.filter { $0.http != nil }.map { HandlerName(rawValue: $0.name) }
        )
        exec = try ExecRunner(
            handlers: handlers,
            stateFolder: configuration.stateFolder,
            storeID: storeID,
            configuration: configuration.file,
            clocks: clocks,
            inbox: inbox
        )
        // The last: from here on there is something to close.
        http = try HTTPRunner(
            handlers: handlers,
            storeID: storeID,
            clocks: clocks,
            inbox: inbox,
            logger: logger
        )
    }

    /// The handlers of the configuration, each with the most jobs that may be leased now: fewer
    /// than configured while its breaker is open.
    var limits: [HandlerName: Int] {
        Dictionary(
            uniqueKeysWithValues: concurrency.map { handler, concurrency in
                (handler, http.breakers.limit(of: handler, concurrency: concurrency))
            }
        )
    }

    /// The breakers that are not closed, as `worker.breakers` shows them.
    var breakers: String { http.breakers.json }

    /// Every http handler, and whether its breaker is open.
    var openBreakers: [HandlerName: Bool] { http.breakers.areOpen }

    /// Whether a handler is in the configuration.
    func knows(_ handler: HandlerName) -> Bool {
        concurrency[handler] != nil
    }

    /// Starts a claimed job's handler.
    ///
    /// Its end arrives in the inbox, exactly once.
    ///
    /// - Returns: a hand on it, with no control when it could not even be set up.
    func start(_ job: ClaimedJob) -> RunningAttempt {
        httpHandlers.contains(job.handler) ? http.start(job) : exec.start(job)
    }

    /// Closes connections; called when nothing runs any more, or was told to stop.
    func close() async {
        await http.close()
    }
}

import Logging
import QueueCore
import Settings

/// Starts handlers of every kind: the one seam between the work loop and what runs jobs.
final class HandlerRunners: Sendable {
    private let exec: ExecRunner
    private let http: HTTPRunner
    private let trust: TrustInquiry
    private let retryPolicies: [HandlerName: RetryPolicy]
    private let clocks: Clocks
    private let inbox: Inbox
    private let concurrency: [HandlerName: Int]
    private let httpHandlers: Set<HandlerName>

    /// ``close()`` must be called in the end.
    ///
    /// Those that take the place of `earlier` ones know which services cannot be reached.
    init(
        configuration: Configuration,
        storeID: String,
        clocks: Clocks,
        inbox: Inbox,
        reports: GiteaReports,
        logger: Logger,
        after earlier: HandlerRunners? = nil
    ) throws {
        let handlers = configuration.handlers
        self.clocks = clocks
        self.inbox = inbox
        retryPolicies = Dictionary(
            uniqueKeysWithValues: handlers.map {
                (HandlerName(rawValue: $0.name), RetryPolicy($0.retry))
            }
        )
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
            store: configuration.store,
            stateFolder: configuration.stateFolder,
            storeID: storeID,
            configuration: configuration.file,
            clocks: clocks,
            inbox: inbox,
            logger: logger
        )
        // The last: from here on there is something to close.
        http = try HTTPRunner(
            handlers: handlers,
            storeID: storeID,
            clocks: clocks,
            inbox: inbox,
            logger: logger,
            after: earlier?.http
        )
        trust = TrustInquiry(configuration, reports: reports, logger: logger)
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

    /// Has the next job of these tried at once, as an operator wants it.
    func closeBreakers(of handlers: Set<HandlerName>) { http.breakers.close(handlers) }

    /// Every http handler, and whether its breaker is open.
    var openBreakers: [HandlerName: Bool] { http.breakers.areOpen }

    /// Whether a handler is in the configuration.
    func knows(_ handler: HandlerName) -> Bool {
        concurrency[handler] != nil
    }

    /// Starts a claimed job's handler, after asking for its sender's trust if that matters.
    ///
    /// Its end arrives in the inbox, exactly once.
    ///
    /// - Returns: a hand on it, with no control when it could not even be set up.
    func start(_ job: ClaimedJob) -> RunningAttempt {
        let lease = LeaseTime(until: job.leaseUntil, clocks: clocks)
        guard let levels = TrustInquiry.levels(for: job) else { return startHandler(job, lease) }
        return ask(levels, job, lease)
    }

    private func startHandler(_ job: ClaimedJob, _ lease: LeaseTime) -> RunningAttempt {
        httpHandlers.contains(job.handler) ? http.start(job, lease) : exec.start(job, lease)
    }

    /// Starts the handler when its sender is trusted, and ends the attempt when not; in a task of
    /// its own, as Gitea may take its time.
    private func ask(
        _ levels: [TrustLevel],
        _ job: ClaimedJob,
        _ lease: LeaseTime
    ) -> RunningAttempt {
        guard let policy = retryPolicies[job.handler] else {
            preconditionFailure("a worker claims only jobs of handlers it knows")
        }
        let control = TrustControl()
        // Not on the work loop's executor, which is the store's thread.
        let question = Task(executorPreference: globalConcurrentExecutor) { [self] in
            let finding = await trust.finding(for: job, levels)
            let outcome = TrustOutcome(
                finding,
                levels: levels,
                stopped: control.reason,
                policy: policy,
                attempt: job.token.attempt,
                random: clocks.random()
            )
            switch outcome {
            case .start(let level):
                var trusted = job
                trusted.trust = level.rawValue
                control.handOver(to: startHandler(trusted, lease).control)
            case .end(let outcome, let error):
                inbox.end(
                    AttemptEnd(
                        token: job.token,
                        outcome: outcome,
                        endedAt: clocks.now(),
                        error: error
                    )
                )
            }
        }
        control.attach(question)
        return RunningAttempt(job: job, control: control, lease: lease)
    }

    /// Closes connections; called when nothing runs any more, or was told to stop.
    func close() async {
        await trust.close()
        await http.close()
    }
}

import AsyncHTTPClient
import Logging
import NIOCore
import NIOSSL
import QueueCore
import Settings

/// Starts http handlers, each attempt a task of its own on the cooperative pool: a request only
/// ever waits for an event loop.
///
/// The task is owned by the attempt's ``HTTPControl``, which the work loop holds while the job
/// runs. It ends with the response, or soon after it is cancelled, and always puts the attempt's
/// end into the inbox.
final class HTTPRunner: Sendable {
    /// A handler with what is the same for all its attempts.
    private struct Handler {
        var service: HTTPService
        var authority: String
        var tls: TLSConfiguration?
        var timeout: Duration
        var retryPolicy: RetryPolicy
    }

    let breakers: Breakers
    private let settings: [HandlerName: HTTPSettings]
    private let handlers: [HandlerName: Handler]
    /// Nil without http handlers: then no event loop is started either.
    private let client: HTTPClient?
    private let connections = KeptConnections()
    private let clocks: Clocks
    private let inbox: Inbox

    /// ``close()`` must be called in the end.
    ///
    /// - Parameters:
    ///   - handlers: those of the configuration, of all kinds.
    ///   - storeID: the store's name among all stores.
    ///   - clocks: what time it is.
    ///   - inbox: where ends of attempts go.
    ///   - logger: where breakers are told of.
    ///   - earlier: the runner that this one takes the place of: what it learned goes on.
    /// - Throws: a mistake in a handler's template or certificates.
    init(
        handlers: [HandlerSettings],
        storeID: String,
        clocks: Clocks,
        inbox: Inbox,
        logger: Logger,
        after earlier: HTTPRunner? = nil
    ) throws(ConfigurationError) {
        self.handlers = try Self.prepared(handlers, storeID: storeID)
        settings = handlers.reduce(into: [:]) { $0[HandlerName(rawValue: $1.name)] = $1.http }
        self.clocks = clocks
        self.inbox = inbox
        let names = Array(self.handlers.keys)
        if let earlier {
            breakers = earlier.breakers
            let changed = settings.filter { earlier.settings[$0.key] != $0.value }.keys
            breakers.follow(handlers: names, changed: Set(changed))
        } else {
            breakers = Breakers(handlers: names, clocks: clocks, logger: logger)
        }
        client =
            self.handlers.isEmpty
            ? nil
            : HTTPClient(eventLoopGroupProvider: .singleton, configuration: .forHandlers)
    }

    private static func prepared(
        _ handlers: [HandlerSettings],
        storeID: String
    ) throws(ConfigurationError) -> [HandlerName: Handler] {
        var prepared: [HandlerName: Handler] = [:]
        for settings in handlers {
            guard let http = settings.http else { continue }
            prepared[HandlerName(rawValue: settings.name)] = Handler(
                service: try service(http, of: settings.name, storeID: storeID),
                authority: HTTPAddress(http.url)?.authority ?? "its host",
                tls: try http.authorities.map(TLSConfiguration.trusting),
                timeout: settings.timeout,
                retryPolicy: RetryPolicy(settings.retry)
            )
        }
        return prepared
    }

    private static func service(
        _ settings: HTTPSettings,
        of handler: String,
        storeID: String
    ) throws(ConfigurationError) -> HTTPService {
        do throws(BodyTemplate.Failure) {
            return try HTTPService(settings, storeID: storeID)
        } catch {
            let file = settings.template?.file ?? "handlers.\(handler).http.template"
            throw ConfigurationError([Diagnostic(file: file, message: error.reason)])
        }
    }

    /// Starts a claimed job's handler.
    ///
    /// Its end arrives in the inbox, exactly once.
    func start(_ job: ClaimedJob, _ lease: LeaseTime) -> RunningAttempt {
        guard let handler = handlers[job.handler], let client else {
            preconditionFailure("a worker claims only jobs of handlers it knows")
        }
        let isProbe = breakers.start(job.handler)
        let control = HTTPControl()
        let running = RunningAttempt(job: job, control: control, lease: lease)
        let handover = Handover(job)
        let bare = running.job
        // Not on the work loop's executor, which is the store's thread.
        let task = Task(executorPreference: globalConcurrentExecutor) { [self] in
            let end = await run(handover, handler, client, control, lease)
            let stopped = control.reason
            breakers.end(Self.sign(of: end.answer, stopped), of: bare.handler, isProbe: isProbe)
            inbox.end(record(end, bare, handler, stopped, isProbe: isProbe))
        }
        control.attach(task)
        return running
    }

    private func run(
        _ handover: Handover,
        _ handler: Handler,
        _ client: HTTPClient,
        _ control: HTTPControl,
        _ lease: LeaseTime
    ) async -> HTTPAttempt.End {
        let request: OutgoingRequest
        do throws(BodyTemplate.Failure) {
            request = try handler.service.request(for: handover.take())
        } catch {
            return HTTPAttempt.End(answer: .noBody(reason: error.reason))
        }
        // Right before it is sent: whoever has the job now may be sending it too.
        guard !lease.isOver else {
            control.stop(.leaseLost, kill: true)
            return HTTPAttempt.End(answer: .noResponse(error: "the lease was lost"))
        }
        let attempt = HTTPAttempt(
            client: client,
            request: request,
            tls: handler.tls,
            authority: handler.authority,
            connections: connections,
            timeout: handler.timeout,
            control: control
        )
        return await attempt.run()
    }

    /// A timeout before any response is a failure of the connection, other orders to stop are not.
    private static func sign(of answer: HTTPAnswer, _ stopped: StopReason?) -> Breakers.Sign {
        switch (answer, stopped) {
        case (.status, _): .answered
        case (.unreached, .timedOut), (.noResponse, .timedOut):
            .failed("no response before the timeout")
        case (.unreached(let error), nil), (.noResponse(let error), nil): .failed(error)
        case (.unreached, _), (.noResponse, _), (.notAsked, _), (.noBody, _): .nothing
        }
    }

    private func record(
        _ end: HTTPAttempt.End,
        _ job: ClaimedJob,
        _ handler: Handler,
        _ stopped: StopReason?,
        isProbe: Bool
    ) -> AttemptEnd {
        let now = clocks.now()
        let rule = HTTPOutcome(
            policy: handler.retryPolicy,
            timeout: handler.timeout,
            failures: job.failures,
            waitsSince: job.snoozedSince,
            isProbe: isProbe,
            now: now,
            random: clocks.random()
        )
        let (outcome, error) = rule.of(end.answer, stopped: stopped)
        var attempt = AttemptEnd(
            token: job.token,
            outcome: outcome,
            endedAt: now,
            error: error,
            output: end.output
        )
        if case .status(let status, _) = end.answer { attempt.httpStatus = status }
        return attempt
    }

    /// Ends what is still connected.
    ///
    /// Whatever runs then ends with an error, which is recorded by nobody: stop it first.
    func close() async {
        // Fails only when it was shut down before.
        try? await client?.shutdown()
    }
}

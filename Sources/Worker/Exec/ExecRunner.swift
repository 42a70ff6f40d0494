import Foundation
import Logging
import QueueCore
import Settings
import Spawn

/// Starts exec handlers, each on a thread of its own, which ends with it: a process is waited for
/// by blocking, and the cooperative pool must never block.
final class ExecRunner: Sendable {
    /// A handler with what is the same for all its attempts.
    private struct Handler {
        var settings: ExecSettings
        var timeout: Duration
        var environment: HandlerEnvironment
        var retryPolicy: RetryPolicy
    }

    private let handlers: [HandlerName: Handler]
    private let stateFolder: String
    private let clocks: Clocks
    private let inbox: Inbox
    private let marks: HandlerMarks
    private let logger: Logger

    init(
        handlers: [HandlerSettings],
        store: String,
        stateFolder: String,
        storeID: String,
        configuration: String,
        clocks: Clocks,
        inbox: Inbox,
        logger: Logger
    ) throws {
        guard let storeFile = StoreFileMark(store) else {
            throw StoreError.cannotOpen(path: store, reason: systemError())
        }
        let marks = HandlerMarks(storeID: storeID, storeFile: storeFile)
        let inherited = ProcessInfo.processInfo.environment
        self.handlers = Dictionary(
            uniqueKeysWithValues: handlers.compactMap { settings in
                guard let exec = settings.exec else { return nil }
                let handler = Handler(
                    settings: exec,
                    timeout: settings.timeout,
                    environment: HandlerEnvironment(
                        names: exec.environment,
                        inherited: inherited,
                        marks: marks,
                        configuration: configuration
                    ),
                    retryPolicy: RetryPolicy(settings.retry)
                )
                return (HandlerName(rawValue: settings.name), handler)
            }
        )
        self.clocks = clocks
        self.inbox = inbox
        self.marks = marks
        self.logger = logger
        self.stateFolder = stateFolder
        try ResultFile.makeFolder(stateFolder: stateFolder)
    }

    /// Starts a claimed job's handler.
    ///
    /// Its end arrives in the inbox, exactly once.
    ///
    /// - Returns: a hand on it, with no control when it could not even be set up.
    func start(_ job: ClaimedJob, _ lease: LeaseTime) -> RunningAttempt {
        let control: ExecControl?
        let handover = Handover(job)
        do throws(SpawnError) {
            let made = try ExecControl()
            try HandlerThread.start { [self] in inbox.end(run(handover, made, lease)) }
            control = made
        } catch {
            control = nil
            inbox.end(couldNotStart(error, job))
        }
        return RunningAttempt(job: job, control: control, lease: lease)
    }

    private func run(
        _ handover: Handover,
        _ control: ExecControl,
        _ lease: LeaseTime
    ) -> AttemptEnd {
        let (attempt, job, resultFile) = prepare(handover.take(), control, lease)
        ResultFile.remove(of: job.token, stateFolder: stateFolder)
        defer { ResultFile.remove(of: job.token, stateFolder: stateFolder) }
        do throws(SpawnError) {
            let end = try attempt.run()
            return record(end, job, handler(of: job), result: HandlerResult.read(resultFile))
        } catch {
            return couldNotStart(error, job)
        }
    }

    /// What is run, and the job without its body: that is in what is run.
    private func prepare(
        _ job: ClaimedJob,
        _ control: ExecControl,
        _ lease: LeaseTime
    ) -> (attempt: ExecAttempt, job: ClaimedJob, resultFile: String) {
        let handler = handler(of: job)
        let payload = HandlerPayload(of: job)
        let job = payload.named(job)
        let resultFile = ResultFile.path(of: job.token, stateFolder: stateFolder)
        let attempt = ExecAttempt(
            command: handler.settings.command,
            environment: handler.environment.strings(
                job,
                action: payload.action,
                resultFile: resultFile
            ),
            directory: handler.settings.directory,
            input: Self.input(handler.settings.input, job, payload),
            timeout: handler.timeout,
            idleTimeout: handler.settings.idleTimeout,
            control: control,
            trace: AttemptTrace(token: job.token, marks: marks, stateFolder: stateFolder),
            latestStart: lease.latestStart,
            // Not the job: its body would live as long as the attempt.
            somethingStays: { [logger, token = job.token] processes in
                let pids = processes.map { "\($0.pid)" }.joined(separator: ",")
                logger.error(
                    "what is left of an attempt does not die, its job waits",
                    metadata: [
                        "token": "\(token)", "job.id": "\(token.job)", "pids": "\(pids)",
                    ]
                )
            },
            asksToRunAgain: {
                switch HandlerResult.read(resultFile) {
                case nil, .done: false
                case .snooze, .dead, .retry, .invalid: true
                }
            }
        )
        var bare = job
        bare.delivery.body = nil
        return (attempt, bare, resultFile)
    }

    private func handler(of job: ClaimedJob) -> Handler {
        guard let handler = handlers[job.handler] else {
            preconditionFailure("a worker claims only jobs of handlers it knows")
        }
        return handler
    }

    private static func input(
        _ kind: HandlerInput,
        _ job: ClaimedJob,
        _ payload: HandlerPayload
    ) -> Data {
        switch kind {
        case .envelope: Envelope.json(job, payload: payload)
        case .payload: payload.bytes ?? Data()
        case .none: Data()
        }
    }

    private func record(
        _ end: ExecAttempt.End,
        _ job: ClaimedJob,
        _ handler: Handler,
        result: HandlerResult?
    ) -> AttemptEnd {
        let (outcome, error) = ExecOutcome.of(
            exit: end.exit,
            stopped: end.stopped,
            timeout: handler.timeout,
            result: result,
            failures: job.failures,
            policy: handler.retryPolicy,
            random: clocks.random()
        )
        var attempt = AttemptEnd(
            token: job.token,
            outcome: outcome,
            endedAt: clocks.now(),
            error: error,
            output: end.output
        )
        switch end.exit {
        case .code(let code): attempt.exitCode = code
        case .signal(let signal): attempt.signal = signal
        }
        return attempt
    }

    private func couldNotStart(_ error: SpawnError, _ job: ClaimedJob) -> AttemptEnd {
        if error.step == .time {
            return AttemptEnd(
                token: job.token,
                outcome: .released,
                endedAt: clocks.now(),
                error: "the lease was lost before the handler started"
            )
        }
        let handler = handler(of: job)
        let place = handler.settings.directory.map { " in \($0)" } ?? ""
        let failed =
            error.step == .note
            ? "note the session in \(ProcessSight.noteFolder(stateFolder))"
            : "execute \(handler.settings.command[0])\(place)"
        let reason = "cannot \(failed): \(error)"
        // A machine that is out of something is no failure of the job: it is asked again later.
        let outcome: Outcome =
            error.isPermanent
            ? .dead(reason: reason) : .snooze(for: handler.retryPolicy.base)
        return AttemptEnd(
            token: job.token,
            outcome: outcome,
            endedAt: clocks.now(),
            error: reason
        )
    }
}

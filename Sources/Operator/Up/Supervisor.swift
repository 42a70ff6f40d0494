import Dispatch
import Foundation
import Logging
import Program
import QueueCore
import Spawn

/// Starts the services, keeps them running, and takes them down with it.
///
/// Each service has its own session, so that Ctrl-C reaches this process alone and is handed on
/// once; and the read end of a pipe as standard input, which ends when this process does, however
/// it does: a service that follows it never outlives its supervisor.
struct Supervisor {
    private enum Occurrence: Sendable {
        case requested(StopUrgency)
        case reloadRequested
        case ready(Service)
        case ended(Service)
        case due(Service)
        case patienceIsOver
    }

    private let commands: [Service: [String]]
    private let lifeline: PipeEnds
    private let link: SupervisorLink
    private let logger: Logger
    private let occurrences: AsyncStream<Occurrence>
    private let happened: AsyncStream<Occurrence>.Continuation
    private var supervision = Supervision()
    private var children: [Service: ChildProcess] = [:]
    /// Those of ``children`` that were ready: before that, SIGHUP might end them.
    private var ready: Set<Service> = []
    private let readiness: [Service: ReadinessSocket]

    /// A supervisor that has started nothing yet.
    init(
        _ commands: [Service: [String]],
        link: SupervisorLink = .none,
        logger: Logger
    ) throws(SpawnError) {
        self.commands = commands
        self.link = link
        self.logger = logger
        lifeline = try PipeEnds()
        let (occurrences, happened) = AsyncStream.makeStream(of: Occurrence.self)
        (self.occurrences, self.happened) = (occurrences, happened)
        var readiness: [Service: ReadinessSocket] = [:]
        for service in Service.allCases {
            readiness[service] = try ReadinessSocket(of: service) {
                happened.yield(.ready(service))
            }
        }
        self.readiness = readiness
    }

    /// Runs the services until they are asked to stop, or one of them cannot be kept running.
    ///
    /// When this returns, nothing that it started runs any more.
    ///
    /// - Parameters:
    ///   - requests: what asks for a stop.
    ///   - reloads: what asks to read the configuration again.
    ///   - companion: runs beside the services and is cancelled at their end.
    /// - Returns: the exit code.
    mutating func run(
        until requests: AsyncStream<StopRequest>,
        reloading reloads: AsyncStream<Void>,
        with companion: @escaping @Sendable () async -> Void
    ) async -> Int32 {
        defer { killWhatIsLeft() }
        let happened = happened
        return await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await request in requests { happened.yield(.requested(request.urgency)) }
            }
            group.addTask {
                for await _ in reloads { happened.yield(.reloadRequested) }
            }
            if let code = carryOut(supervision.begin(), &group) { return code }
            group.addTask { await companion() }
            for await occurrence in occurrences {
                if let code = carryOut(react(to: occurrence), &group) { return code }
            }
            preconditionFailure("the stream of occurrences has no end")
        }
    }

    private mutating func react(to occurrence: Occurrence) -> [Supervision.Action] {
        switch occurrence {
        case .requested(let urgency):
            logger.info(urgency == .now ? "stopping now" : "stopping; Ctrl-C again means now")
            link.stopping()
            return supervision.requested(urgency)
        case .reloadRequested:
            link.reloading()
            for service in ready { children[service]?.signalGroup(SIGHUP) }
            link.reloaded("running")
            return []
        case .ready(let service):
            // What it said may come after its end.
            guard children[service] != nil else { return [] }
            let isNew = ready.insert(service).inserted
            if isNew, ready.count == Service.allCases.count { link.ready("running") }
            return supervision.ready(service)
        case .due(let service):
            return supervision.due(service)
        case .patienceIsOver:
            return supervision.patienceIsOver()
        case .ended(let service):
            guard let child = children.removeValue(forKey: service) else {
                preconditionFailure("a child ends once")
            }
            ready.remove(service)
            return react(to: child.reap(), of: service)
        }
    }

    private mutating func react(
        to exit: ChildProcess.Exit,
        of service: Service
    ) -> [Supervision.Action] {
        let wasAskedTo = supervision.isStopping
        logger.log(
            level: wasAskedTo ? .info : .warning,
            "service ended",
            metadata: ["service": "\(service.program)", "exit": "\(exit.text)"]
        )
        let actions = supervision.ended(service, exit, at: Clocks.system.monotonic())
        if supervision.isStopping, !wasAskedTo {
            logger.error(
                "it refuses to begin: stopping everything",
                metadata: ["service": "\(service.program)"]
            )
        }
        return actions
    }

    /// - Returns: the exit code once everything has ended.
    private mutating func carryOut(
        _ actions: [Supervision.Action],
        _ group: inout TaskGroup<Void>
    ) -> Int32? {
        var queue = actions[...]
        while let action = queue.popFirst() {
            switch action {
            case .finish(let code): return code
            case .start(let service):
                // The start before this one may have failed for good.
                if !supervision.isStopping { queue += start(service) }
            case .terminate(let service): children[service]?.signalGroup(SIGTERM)
            case .kill(let service): children[service]?.signalGroup(SIGKILL)
            case .startLater(let service, let delay):
                logger.warning(
                    "starting it again soon",
                    metadata: [
                        "service": "\(service.program)", "in": "\(Quantity.text(delay))",
                    ]
                )
                after(delay, .due(service), &group)
            case .losePatience(let delay): after(delay, .patienceIsOver, &group)
            }
        }
        return nil
    }

    private func after(
        _ delay: Duration,
        _ occurrence: Occurrence,
        _ group: inout TaskGroup<Void>
    ) {
        let happened = happened
        group.addTask {
            // Cancelled when everything has ended: then nobody waits for this any more.
            guard (try? await Task.sleep(for: delay)) != nil else { return }
            happened.yield(occurrence)
        }
    }

    private mutating func start(_ service: Service) -> [Supervision.Action] {
        guard let command = commands[service] else {
            preconditionFailure("every service has a command")
        }
        do throws(SpawnError) {
            let child = try ChildProcess(
                command: command,
                environment: environment(of: service).map { "\($0)=\($1)" },
                directory: nil,
                standardInput: lifeline.readEnd,
                standardOutput: STDOUT_FILENO,
                standardError: STDERR_FILENO
            )
            children[service] = child
            watch(child, of: service)
            supervision.started(service, at: Clocks.system.monotonic())
            return []
        } catch {
            logger.error(
                "cannot start a service",
                metadata: ["service": "\(command[0])", "error": "\(error)"]
            )
            return supervision.failedToStart(service)
        }
    }

    private func environment(of service: Service) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["NOTIFY_SOCKET"] = readiness[service]?.name
        return environment
    }

    /// Reports the end of a child once.
    ///
    /// Its descriptor is closed by `reap()`, which must wait for
    /// the cancellation of the source: that is when dispatch lets go of it.
    private func watch(_ child: ChildProcess, of service: Service) {
        let source = ExitSource(child.exitDescriptor)
        let happened = happened
        source.source.setEventHandler { source.source.cancel() }
        source.source.setCancelHandler { happened.yield(.ended(service)) }
        source.source.activate()
    }

    /// On every way out: nothing that was started here goes on alone.
    private mutating func killWhatIsLeft() {
        for child in children.values {
            child.signalGroup(SIGKILL)
            _ = child.reap()
        }
        children = [:]
    }
}

/// A dispatch source that its own handler may hold.
///
/// Unchecked, because the protocol is not marked: dispatch objects may be used from any thread.
private final class ExitSource: @unchecked Sendable {
    let source: any DispatchSourceRead

    init(_ descriptor: Int32) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
    }
}

extension StopRequest {
    fileprivate var urgency: StopUrgency {
        switch self {
        case .gracefully: .gracefully
        case .now: .now
        }
    }
}

extension ChildProcess.Exit {
    /// For people: `code 78`, `signal 9`.
    var text: String {
        switch self {
        case .code(let code): "code \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}

import Program
import QueueCore
import Spawn

/// The programs that make up a site.
enum Service: String, CaseIterable, Sendable {
    case ingress
    case worker

    /// The name of its file, beside `samovar`'s own.
    var program: String { "samovar-\(rawValue)" }
}

/// The decisions of `samovar up` about its services.
///
/// It does no I/O: each method takes what happened and answers what to do.
///
/// One thing alone ends everything: an ingress that refuses to begin. Whatever becomes of a worker,
/// the ingress goes on: deliveries that it does not take are lost, those that wait are not.
struct Supervision {
    /// What the supervisor is to do, in this order.
    enum Action: Equatable {
        case start(Service)
        /// Call ``due(_:)`` after the delay.
        case startLater(Service, after: Duration)
        /// Ask for a stop; asked a second time, services stop at once.
        case terminate(Service)
        case kill(Service)
        /// Call ``patienceIsOver()`` after the delay.
        case losePatience(after: Duration)
        /// Nothing runs any more: end with this exit code.
        case finish(code: Int32)
    }

    private enum State: Equatable {
        case waiting
        case running(since: MonotonicTime)
        case ended
    }

    private enum Phase: Equatable {
        case running
        case stopping(code: Int32)
        case finished
    }

    private var states: [Service: State] = [:]
    private var delays: [Service: Duration] = [:]
    private var phase = Phase.running
    private var isWorkerHeldBack = true

    private var hasIngressBegun = false

    /// Whether nothing is started again.
    var isStopping: Bool { phase != .running }

    /// Starts the ingress; the worker follows when the ingress is ready.
    ///
    /// Until then the ingress may end everything, because its store cannot be opened: a worker must
    /// not have begun anything by then.
    mutating func begin() -> [Action] {
        for service in Service.allCases { states[service] = .waiting }
        return [.start(.ingress)]
    }

    /// A service said that it does what it is for.
    mutating func ready(_ service: Service) -> [Action] {
        switch service {
        case .worker: return []
        case .ingress:
            guard phase == .running, isWorkerHeldBack else { return [] }
            isWorkerHeldBack = false
            return [.start(.worker)]
        }
    }

    /// A service runs.
    mutating func started(_ service: Service, at time: MonotonicTime) {
        states[service] = .running(since: time)
        if service == .ingress { hasIngressBegun = true }
    }

    /// A service could not be started; an ingress at the first time is reason to give up.
    mutating func failedToStart(_ service: Service) -> [Action] {
        states[service] = .ended
        if service == .ingress, !hasIngressBegun {
            return stop(code: ExitStatus.internal.rawValue)
        }
        return phase == .running ? later(service) : finishWhenAllEnded()
    }

    /// A service has ended and is reaped.
    mutating func ended(
        _ service: Service,
        _ exit: ChildProcess.Exit,
        at time: MonotonicTime
    ) -> [Action] {
        guard case .running(let since) = states[service] else {
            preconditionFailure("only a service that runs can end")
        }
        states[service] = .ended
        guard phase == .running else { return finishWhenAllEnded() }
        // Once it was ready, a mistake made since, or a port or a store that is away for a while, is no
        // reason to give up: nobody may be looking.
        if service == .ingress, isWorkerHeldBack, let code = Self.refusal(exit) {
            return stop(code: code)
        }
        let lifetime = time - since
        if lifetime > Limits.steady { delays[service] = nil }
        return later(service)
    }

    /// The delay before a start is over.
    mutating func due(_ service: Service) -> [Action] {
        phase == .running ? [.start(service)] : []
    }

    /// Somebody asked for a stop.
    mutating func requested(_ request: StopUrgency) -> [Action] {
        switch request {
        case .gracefully:
            guard phase == .running else { return [] }
            return stop(code: 0)
        case .now:
            guard case .stopping = phase else { return stop(code: 0) }
            return running.map { .terminate($0) } + [.losePatience(after: Limits.patience)]
        }
    }

    /// Services were told to stop now, and some did not.
    func patienceIsOver() -> [Action] {
        running.map { .kill($0) }
    }

    private var running: [Service] {
        Service.allCases.filter { service in
            if case .running = states[service] { true } else { false }
        }
    }

    private mutating func stop(code: Int32) -> [Action] {
        guard phase == .running else { return finishWhenAllEnded() }
        phase = .stopping(code: code)
        return running.map { .terminate($0) } + finishWhenAllEnded()
    }

    private mutating func finishWhenAllEnded() -> [Action] {
        guard case .stopping(let code) = phase, running.isEmpty else { return [] }
        phase = .finished
        return [.finish(code: code)]
    }

    private mutating func later(_ service: Service) -> [Action] {
        let delay = delays[service] ?? Limits.firstDelay
        delays[service] = min(delay * 2, Limits.lastDelay(of: service))
        states[service] = .waiting
        return [.startLater(service, after: delay)]
    }

    /// The code of a service that found a reason not to begin; what ended in any other way was ended
    /// by something else, and is worth another start.
    private static func refusal(_ exit: ChildProcess.Exit) -> Int32? {
        guard case .code(let code) = exit else { return nil }
        switch ExitStatus(rawValue: code) {
        case .usage, .unavailable, .configuration: return code
        case .fine, .findings, .notFound, .internal, nil: return nil
        }
    }

    private enum Limits {
        static let firstDelay = Duration.milliseconds(500)
        /// While the ingress is down, deliveries are lost: Gitea does not send them again.
        static func lastDelay(of service: Service) -> Duration {
            switch service {
            case .ingress: .seconds(1)
            case .worker: .seconds(10)
            }
        }
        /// Who ran for so long may begin with the shortest delay again.
        static let steady = Duration.seconds(60)
        /// Longer than a worker told to stop now gives its handlers (10 s).
        static let patience = Duration.seconds(15)
    }
}

/// How fast everything is to stop.
enum StopUrgency: Equatable, Sendable {
    case gracefully
    case now
}

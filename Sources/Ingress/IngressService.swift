import Doorbell
import Foundation
import Health
import Logging
import NIOCore
import NIOPosix
import Program
import QueueCore
import Settings

/// The ingress as a whole: one event loop for sockets, the store's thread for commits.
struct IngressService {
    private let configuration: Configuration
    private let passed: PassedPorts
    private let shared: Shared
    private let opening: StoreOpening
    private let tls: TLSIdentity?
    private let eventLoop: any EventLoop
    private let link: SupervisorLink
    private let logger: Logger

    init(
        configuration: Configuration,
        passed: PassedPorts,
        opening: StoreOpening,
        spool: SpoolOpening,
        link: SupervisorLink,
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.passed = passed
        self.opening = opening
        self.link = link
        self.logger = logger
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        tls = try configuration.ingress.tls.map(TLSIdentity.init)
        let stateFolder = configuration.stateFolder
        // Without a spool the store's folder must be there from the start.
        if spool.file == nil { _ = try Doorbell(stateFolder: stateFolder) }
        let metrics = IngressMetrics()
        shared = Shared(
            sources: Sources(configuration.ingress),
            commit: GroupCommit(
                opening: opening,
                spool: spool,
                eventLoop: eventLoop,
                doorbell: { try Doorbell(stateFolder: stateFolder) },
                metrics: metrics,
                logger: logger
            ),
            metrics: metrics,
            clocks: .system,
            logger: logger
        )
    }

    /// Serves until asked to stop: then accepts no more, answers what is in flight, and returns
    /// when all of it is stored.
    func run(until requests: ServiceRequests) async throws {
        let registry = NIOLoopBoundBox.makeBoxSendingValue(
            ConnectionRegistry(connectionsMost: Self.connectionsMost()),
            eventLoop: eventLoop
        )
        let listening = Listening(
            settings: configuration.ingress,
            passed: passed,
            tls: tls,
            shared: shared,
            eventLoop: eventLoop,
            logger: logger
        )
        // With a spool it is found out when the store is opened. One that cannot be read now refuses
        // deliveries and says why; only its name is missing then.
        if let store = opening.store { _ = try? await opening.identify(store) }
        let listeners = try await listening.openHooks(registry)
        let presence = Presence(
            store: opening.path,
            clocks: .system,
            isActivated: !passed.hooks.isEmpty,
            logger: logger,
            note: { [shared] in shared.commit.note($0) }
        )
        let presenting = eventLoop.scheduleRepeatedTask(
            initialDelay: .zero,
            delay: IngressLimits.presence
        ) { _ in presence.beat() }
        let queue = QueueMetrics(path: opening.path)
        let health = try await listening.openHealth(registry, store: opening.metrics, queue: queue)
        let sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: IngressLimits.sweep,
            delay: IngressLimits.sweep
        ) { _ in registry.value.sweep(now: .now()) }
        let stopping = Stopping(
            listeners: listeners,
            presence: presence,
            registry: registry,
            eventLoop: eventLoop,
            commit: shared.commit,
            link: link,
            logger: logger
        )

        try await withThrowingTaskGroup(of: Part.self) { group in
            // On the store's own thread: a commit costs no further thread switches.
            group.addTask(executorPreference: opening.executor) {
                try await shared.commit.run()
                return .commits
            }
            group.addTask {
                await stopping.run(requests.stops)
                return .stopRequests
            }
            group.addTask {
                let reload = Reload(
                    of: configuration,
                    shared: shared,
                    tls: tls,
                    link: link,
                    logger: logger
                )
                await reload.run(requests.reloads)
                return .reloads
            }
            group.addTask {
                await Readiness(commit: shared.commit, link: link).announce()
                return .readiness
            }
            group.addTask {
                await watchdog().run()
                return .watchdog
            }
            // Commits end when the last request is answered, or with an error.
            for try await part in group where part == .commits { group.cancelAll() }
        }
        sweeping.cancel()
        presenting.cancel()
        try? await health?.close()  // already closed is closed
        await queue.close()
        logger.info("stopped")
    }

    /// What runs side by side while the ingress serves.
    private enum Part {
        case commits
        case stopRequests
        case reloads
        case readiness
        case watchdog
    }

    /// Over the two threads that a delivery needs.
    private func watchdog() -> Watchdog {
        let loop = Pulse()
        let (commits, opening) = (shared.commit.pulse, opening)
        return Watchdog(
            [
                Watchdog.Part("event loop", loop) { [eventLoop] in
                    eventLoop.execute { loop.beat() }
                },
                // Under load it is never idle, and beats with each commit.
                Watchdog.Part(
                    "commits",
                    commits,
                    ask: { opening.executor.run { commits.beat() } },
                    // Deliveries are answered 503 meanwhile, which a process that starts anew could
                    // not do. A store that is not open yet may be migrated, beside the spool.
                    waitsForOthers: { opening.store?.isWaitingForTurn ?? true }
                ),
            ],
            link: link,
            logger: logger
        )
    }

    /// As many as this process may open files for, having raised its limit as far as it may.
    private static func connectionsMost() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            preconditionFailure("getrlimit(RLIMIT_NOFILE) cannot fail: \(errno)")
        }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
            limit = raised
        }
        let descriptors = Int(clamping: limit.rlim_cur)
        return max(1, min(IngressLimits.connections, descriptors - IngressLimits.otherDescriptors))
    }
}

import Doorbell
import Foundation
import Health
import Logging
import NIOCore
import Program
import QueueCore
import Routing
import Settings
import Telemetry

/// A worker as a whole: its identity, its doorbell, its timers, and the work loop between them.
struct WorkerService {
    private let configuration: Configuration
    private let watch: FileWatch
    private let store: any QueueStore
    private let health: WorkerHealth
    private let clocks: Clocks
    private let link: SupervisorLink
    private let waitsForOthers: @Sendable () -> Bool
    private let logger: Logger

    /// A worker with a configuration; `watch` has looked at its file before that was read.
    ///
    /// `waitsForOthers` says whether its store waits for another process.
    init(
        configuration: Configuration,
        watch: FileWatch,
        store: any QueueStore,
        health: WorkerHealth,
        clocks: Clocks,
        link: SupervisorLink = .none,
        waitsForOthers: @escaping @Sendable () -> Bool = { false },
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.watch = watch
        self.store = store
        self.health = health
        self.clocks = clocks
        self.link = link
        self.waitsForOthers = waitsForOthers
        self.logger = logger
        // A handler that closes its standard input early must not end the worker.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Works until asked to stop; when this returns, every lease is given back.
    func run(
        until requests: AsyncStream<StopRequest>,
        reloading reloads: AsyncStream<Void> = AsyncStream { $0.finish() }
    ) async throws {
        let id = WorkerID.fresh()
        let stateFolder = configuration.stateFolder
        // The lock before the row: a row without a held lock means a dead worker.
        let lock = try WorkerLock(stateFolder: stateFolder, worker: id)
        ProcessSight.removeEarlierNotes(stateFolder: stateFolder)
        let bell = try DoorbellListener(stateFolder: stateFolder, name: id.rawValue)
        defer { bell.close() }
        try await store.register(
            WorkerRegistration(
                id: id,
                host: ProcessInfo.processInfo.hostName,
                pid: getpid(),
                version: ProgramVersion.current
            )
        )
        logger.info(
            "working",
            metadata: [
                "worker": "\(id)", "slots": "\(configuration.worker.slots)",
                "handlers": "\(configuration.handlers.map(\.name).joined(separator: ","))",
                "routes": "\(configuration.routes.count)",
                "version": "\(ProgramVersion.current)",
            ]
        )

        let inbox = Inbox()
        let metrics = WorkerMetrics(
            handlers: configuration.handlers.map { HandlerName(rawValue: $0.name) },
            slots: configuration.worker.slots
        )
        let standing = WorkerStanding(clocks: clocks)
        let loop = try await WorkLoop(
            id: id,
            lock: lock,
            configuration: configuration,
            store: store,
            inbox: inbox,
            clocks: clocks,
            metrics: metrics,
            standing: standing,
            logger: logger
        )
        let health = await health.open(metrics, standing, storeID: loop.storeID) {
            loop.openBreakers
        }
        let reload = ConfigurationReload(
            of: configuration,
            watch: watch,
            id: id,
            store: store,
            loop: loop,
            link: link,
            logger: logger
        )
        link.ready("working")
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                for await _ in bell.rings {
                    metrics.wakeUps.add(to: .doorbell)
                    inbox.ring()
                }
                return .doorbell
            }
            group.addTask {
                await reload.run(reloads)
                return .reloads
            }
            group.addTask {
                await reload.followFile()
                return .configurationFile
            }
            group.addTask {
                // The timer has the loop come round all the time.
                await Watchdog(
                    [Watchdog.Part("work loop", loop.pulse, waitsForOthers: waitsForOthers)],
                    link: link,
                    logger: logger
                ).run()
                return .watchdog
            }
            group.addTask {
                // Whatever was missed is found at the latest now. Ends by cancellation.
                var lockKeeper = LockKeeper(lock: lock, inbox: inbox, logger: logger)
                while (try? await Task.sleep(for: Limits.pollInterval)) != nil {
                    // Here, because the loop may wait for a store that hangs.
                    lockKeeper.look()
                    metrics.wakeUps.add(to: .poll)
                    inbox.tick()
                }
                return .timer
            }
            group.addTask {
                await escalate(requests, to: inbox)
                return .stopRequests
            }
            group.addTask {
                let retention = configuration.retention.retention
                await Pruning(store: store, retention: retention, logger: logger).run()
                return .pruning
            }
            group.addTask(executorPreference: store.executor) {
                try await loop.run()
                return .workLoop
            }
            // The work loop alone decides when this worker is done.
            for try await part in group where part == .workLoop { group.cancelAll() }
        }
        await loop.closeUntaken()
        try? await health?.close()  // already closed is closed
        await self.health.queue.close()
        try await store.retire(id)
        // Only now: after an error the kernel lets go of it, when no thread can start a handler.
        lock.release()
        logger.info("stopped", metadata: ["worker": "\(id)"])
    }

    /// What runs side by side while a worker works.
    private enum Part {
        case doorbell
        case reloads
        case configurationFile
        case watchdog
        case timer
        case stopRequests
        case pruning
        case workLoop
    }

    /// First request: drain; after the grace, or at the second: stop the handlers.
    private func escalate(_ requests: AsyncStream<StopRequest>, to inbox: Inbox) async {
        let grace = configuration.worker.shutdownGrace
        await withTaskGroup(of: Void.self) { group in
            for await request in requests {
                switch request {
                case .gracefully:
                    link.stopping()
                    inbox.stop(.draining)
                    group.addTask {
                        // Cancelled when the worker is done before.
                        guard (try? await Task.sleep(for: grace)) != nil else {
                            return
                        }
                        inbox.stop(.stoppingHandlers)
                    }
                case .now:
                    inbox.stop(.killingHandlers)
                }
            }
        }
    }
}

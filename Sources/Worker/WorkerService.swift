import Doorbell
import Foundation
import Logging
import Program
import QueueCore
import Routing
import Settings

/// A worker as a whole: its identity, its doorbell, its timers, and the work loop between them.
struct WorkerService {
    private let configuration: Configuration
    private let store: any QueueStore
    private let clocks: Clocks
    private let logger: Logger

    init(
        configuration: Configuration,
        store: any QueueStore,
        clocks: Clocks,
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.store = store
        self.clocks = clocks
        self.logger = logger
        // A handler that closes its standard input early must not end the worker.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Works until asked to stop; when this returns, every lease is given back.
    func run(until requests: AsyncStream<StopRequest>) async throws {
        let id = WorkerID.fresh()
        let stateFolder = configuration.stateFolder
        // The lock before the row: a row without a held lock means a dead worker.
        let lock = try WorkerLock(stateFolder: stateFolder, worker: id)
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
        let loop = try await WorkLoop(
            id: id,
            lock: lock,
            configuration: configuration,
            store: store,
            inbox: inbox,
            clocks: clocks,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                for await _ in bell.rings { inbox.ring() }
                return .doorbell
            }
            group.addTask {
                // Whatever was missed is found at the latest now. Ends by cancellation.
                while (try? await Task.sleep(for: Limits.pollInterval)) != nil { inbox.tick() }
                return .timer
            }
            group.addTask {
                await Self.escalate(requests, to: inbox, grace: configuration.worker.shutdownGrace)
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
        try await store.retire(id)
        // Only now: after an error the kernel lets go of it, when no thread can start a handler.
        lock.release()
        logger.info("stopped", metadata: ["worker": "\(id)"])
    }

    /// What runs side by side while a worker works.
    private enum Part {
        case doorbell
        case timer
        case stopRequests
        case pruning
        case workLoop
    }

    /// First request: drain; after the grace, or at the second: stop the handlers.
    private static func escalate(
        _ requests: AsyncStream<StopRequest>,
        to inbox: Inbox,
        grace: Duration
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for await request in requests {
                switch request {
                case .gracefully:
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

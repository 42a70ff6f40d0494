import Foundation
import Logging
import Program
import QueueCore
import Settings

/// Has the worker go by its configuration file as it is now: when asked to, and when the file
/// changed.
///
/// What a file with a mistake says does not count at all: the old rules stay, and whoever asks for
/// the queue's status learns of it.
actor ConfigurationReload {
    private let started: Configuration
    private let id: WorkerID
    private let store: any QueueStore
    private let loop: WorkLoop
    private let link: SupervisorLink
    private let logger: Logger
    private var watch: FileWatch
    /// What the store was told last.
    private var told: String?
    /// What the store did not take.
    private var isUntold = false

    init(
        of configuration: Configuration,
        watch: FileWatch,
        id: WorkerID,
        store: any QueueStore,
        loop: WorkLoop,
        link: SupervisorLink,
        logger: Logger
    ) {
        started = configuration
        self.watch = watch
        self.id = id
        self.store = store
        self.loop = loop
        self.link = link
        self.logger = logger
    }

    /// Between two looks at the file: a look costs microseconds, and a change counts a second
    /// after its last byte.
    private static let pause = Duration.milliseconds(500)

    /// Reads the file again for each request.
    func run(_ requests: AsyncStream<Void>) async {
        for await _ in requests { await read() }
    }

    /// Reads the file again whenever it changed; ends by cancellation.
    func followFile() async {
        while (try? await Task.sleep(for: Self.pause)) != nil {
            if watch.hasChanged() { await read() }
            if isUntold { await tell(told) }
        }
    }

    private func read() async {
        // Whoever reads now will see, or look again.
        watch.willRead()
        link.reloading()
        do {
            try takeOver()
            link.reloaded("working, configuration reloaded")
            await tell(nil)
        } catch {
            let mistakes = report(error)
            link.reloaded("working, with the old configuration: see the log")
            await tell(mistakes.joined(separator: "\n"))
        }
    }

    private func takeOver() throws {
        var new = try Configuration.load(
            file: started.file,
            secrets: .handlers,
            environment: ProcessInfo.processInfo.environment
        )
        let waiting = started.changesThatRestartWorker(to: new)
        // Handlers are told of the store that they work for.
        new.store = started.store
        try loop.follow(new)
        ServiceLog.follow(new.log)
        for warning in new.warnings {
            logger.warning("configuration", metadata: ["warning": "\(warning)"])
        }
        if !waiting.isEmpty {
            logger.warning(
                "these changes come with a restart",
                metadata: ["keys": "\(waiting.joined(separator: ","))"]
            )
        }
    }

    private func report(_ error: any Error) -> [String] {
        let mistakes =
            switch error {
            case let error as ConfigurationError: error.diagnostics.map(\.description)
            case let error as Failure: [error.message]
            default: [String(describing: error)]
            }
        for mistake in mistakes {
            logger.error("configuration", metadata: ["mistake": "\(mistake)"])
        }
        logger.error(
            "configuration not reloaded: the old one goes on",
            metadata: ["mistakes": "\(mistakes.count)"]
        )
        return mistakes
    }

    /// Shows people what is wrong with the file, or that nothing is.
    private func tell(_ error: String?) async {
        guard error != told || isUntold else { return }
        told = error
        do throws(StoreError) {
            try await store.report(configurationError: error, of: id)
            isUntold = false
        } catch {
            // It is in the log, and the work loop tells of the store's trouble: tried again.
            isUntold = true
        }
    }
}

extension Configuration {
    /// The keys that a running worker cannot change.
    func changesThatRestartWorker(to new: Configuration) -> [String] {
        let changes: [(key: String, isChanged: Bool)] = [
            ("store", store != new.store),
            ("worker.slots", worker.slots != new.worker.slots),
            ("worker.lease", worker.lease != new.worker.lease),
            ("worker.shutdown_grace", worker.shutdownGrace != new.worker.shutdownGrace),
            ("worker.health", worker.health != new.worker.health),
            ("retention", retention != new.retention),
        ]
        return changes.filter(\.isChanged).map(\.key)
    }
}

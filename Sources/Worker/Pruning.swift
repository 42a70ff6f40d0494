import Logging
import QueueCore

/// Keeps the store small while the worker works: a short step every minute, and one after the other
/// while there is more to be removed.
struct Pruning: Sendable {
    private let store: any QueueStore
    private let retention: Retention
    private let logger: Logger

    init(store: any QueueStore, retention: Retention, logger: Logger) {
        self.store = store
        self.retention = retention
        self.logger = logger
    }

    /// Prunes until the task is cancelled.
    ///
    /// Nothing waits for it, so whatever goes wrong is logged and tried again; a store that is
    /// beyond that stops the worker through its work loop.
    func run() async {
        var round = PruningRound()
        var delay = PruningRound.pauseBetweenRounds
        // Ends by cancellation.
        while (try? await Task.sleep(for: delay)) != nil {
            do throws(StoreError) {
                delay = round.add(try await store.prune(retention))
                guard let removed = round.finished else { continue }
                round = PruningRound()
                guard !removed.isEmpty else { continue }
                logger.info(
                    "pruned",
                    metadata: [
                        "bodies": "\(removed.bodies)", "jobs": "\(removed.jobs)",
                        "deliveries": "\(removed.deliveries)", "pages": "\(removed.pages)",
                    ]
                )
            } catch {
                logger.warning("pruning failed", metadata: ["error": "\(error)"])
                round = PruningRound()
                delay = PruningRound.pauseBetweenRounds
            }
        }
    }
}

/// Steps of pruning until nothing is left, and when the next one is due.
struct PruningRound: Equatable {
    private var removed = Pruned()

    /// A store with 50 deliveries a second makes 3000 a minute: some thirty steps.
    static let pauseBetweenRounds = Duration.seconds(60)

    /// Long enough for everybody who waits for the write lock to have it once.
    static let pauseBetweenSteps = Duration.milliseconds(50)

    /// What was removed in all, once nothing is left.
    private(set) var finished: Pruned?

    /// Adds what a step removed.
    ///
    /// - Returns: how long to wait for the next one.
    mutating func add(_ step: Pruned) -> Duration {
        removed.bodies += step.bodies
        removed.jobs += step.jobs
        removed.deliveries += step.deliveries
        removed.pages += step.pages
        // A step that finds its rows taken by somebody else would be due again for ever.
        guard step.hasMore, !step.isEmpty else {
            finished = removed
            return Self.pauseBetweenRounds
        }
        return Self.pauseBetweenSteps
    }
}

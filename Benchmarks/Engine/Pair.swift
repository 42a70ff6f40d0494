import QueueCore

/// A full store and an empty one, measured in turn.
///
/// A machine is faster in one minute than in the next; within a few milliseconds it is the same.
struct Pair {
    private let scenario: Scenario
    private var full: SteadyWorker
    private var empty: SteadyWorker

    init(scenario: Scenario, full: StoreFile, empty: StoreFile, slots: Int) async throws {
        self.scenario = scenario
        self.full = try await Self.worker(on: full, slots: slots)
        self.empty = try await Self.worker(on: empty, slots: slots)
    }

    private static func worker(on file: StoreFile, slots: Int) async throws -> SteadyWorker {
        let store = try SQLiteStore(path: file.path, mayCreate: false)
        return try await SteadyWorker(store: store, slots: slots)
    }

    /// Measures so many exchanges in each store, or as many as the time is enough for.
    mutating func measure(exchanges: Int, atMost time: Duration) async throws {
        let due = Array(repeating: Scenario.dueRepo, count: full.slots)
        try await empty.add(due)
        if !scenario.isClaimed { try await full.add(due) }
        try await full.settle(inARow: Self.warmUp)
        try await empty.settle(inARow: Self.warmUp)
        let deadline = ContinuousClock.now + time
        repeat {
            let turn = min(Self.turn, exchanges - full.samples.count)
            try await Self.exchange(&full, turn)
            try await Self.exchange(&empty, turn)
        } while full.samples.count < exchanges && ContinuousClock.now < deadline
    }

    /// On the store's own thread, as a worker's loop is.
    private static func exchange(
        _ worker: inout SteadyWorker,
        _ times: Int
    ) async throws {
        try await withTaskExecutorPreference(worker.store.executor) {
            try await worker.exchange(times: times)
        }
    }

    /// Ends what runs and closes both stores; what was put beside the filling is gone then.
    mutating func finish() async throws -> (full: SteadyWorker, empty: SteadyWorker) {
        try await full.finish(everything: !scenario.isClaimed)
        try await empty.finish(everything: true)
        try await full.store.close()
        try await empty.store.close()
        return (full, empty)
    }

    /// Exchanges in one store before it is the other's turn.
    private static let turn = 25

    /// Exchanges that are not counted, with all slots filled.
    private static let warmUp = 25
}

import ArgumentParser
import Foundation
import QueueCore

/// `drain-worker`: one worker process of `drain`.
struct DrainWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain-worker",
        abstract: "One worker process of drain; begins when told on standard input.",
        shouldDisplay: false
    )

    @Option var store: String
    @Option var slots: Int
    @Option var seconds: Int
    @Option var handlers: Int

    func run() async throws {
        let store = try SQLiteStore(path: store, mayCreate: false)
        let worker = WorkerID.fresh()
        try await store.register(worker: worker)
        try FileHandle.standardOutput.write(contentsOf: Data("ready\n".utf8))
        guard let start = readLine().flatMap(Int64.init) else { return }
        let tally = try await withTaskExecutorPreference(store.executor) {
            try await drain(store, as: worker, since: MonotonicTime(rawValue: start))
        }
        try await store.retire(worker)
        try await store.close()
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(tally))
    }

    /// Claims and completes until nothing is left, or the time is over.
    private func drain(
        _ store: SQLiteStore,
        as worker: WorkerID,
        since start: MonotonicTime
    ) async throws -> Tally {
        let deadline = start + .seconds(seconds)
        let request = ClaimRequest(slots: slots, handlers: handlers)
        let nothing = ClaimRequest(slots: 0, handlers: handlers)
        var tally = Tally()
        var ends: [AttemptEnd] = []
        while true {
            let isOver = Clocks.system.monotonic() >= deadline
            let begin = ContinuousClock.now
            let exchange = try await store.exchange(
                ends,
                for: isOver ? nothing : request,
                worker: worker
            )
            let took = ContinuousClock.now - begin
            try check(exchange.ends, of: ends)
            let microseconds = Clocks.system.monotonic().rawValue - start.rawValue
            tally.count(ends.count, inSecond: Int(microseconds / 1_000_000))
            tally.jobs += ends.count
            tally.exchanges.add(took)
            tally.seconds = Double(microseconds) / 1_000_000
            if exchange.claimed.isEmpty, !exchange.isCutShort { return tally }
            ends = exchange.claimed.map(\.done)
        }
    }
}

/// Every end of a benchmark's attempt must be written: nobody else has its jobs.
func check(_ results: [EndResult], of ends: [AttemptEnd]) throws {
    for (end, result) in zip(ends, results) where result != .written(.done) {
        throw BenchmarkError.endRefused(end.token.description)
    }
}

extension SQLiteStore {
    func register(worker: WorkerID) async throws {
        try register(
            WorkerRegistration(
                id: worker,
                host: ProcessInfo.processInfo.hostName,
                pid: getpid(),
                version: "benchmark"
            )
        )
    }
}

extension ClaimRequest {
    /// A claim that no handler's limit holds back.
    init(slots: Int, handlers: Int) {
        let all = (0..<handlers).map { (Names.handler($0), 1_000_000) }
        self.init(slots: slots, concurrency: Dictionary(uniqueKeysWithValues: all))
    }
}

extension ClaimedJob {
    /// What a handler that does nothing makes of it.
    var done: AttemptEnd {
        AttemptEnd(token: token, outcome: .done, endedAt: Clocks.system.now(), exitCode: 0)
    }
}

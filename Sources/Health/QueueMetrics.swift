package import QueueCore
import Synchronization
package import Telemetry

/// How the queue stands, for whoever asks a program's health port.
///
/// Looked up with a connection and a thread of its own, so that no commit waits for it, at most
/// every few seconds, however often somebody asks.
package final class QueueMetrics: Sendable {
    private struct State {
        var census: QueueCensus?
        var lookedAt: Timestamp?
        var isLooking = false
        var isClosed = false
    }

    private let path: String
    private let clocks: Clocks
    private let executor = StoreExecutor()
    private let state = Mutex(State())
    private let examination = Mutex<Examination?>(nil)

    /// Metrics of the store at a path, which is opened at the first look.
    package init(path: String, clocks: Clocks = .system) {
        self.path = path
        self.clocks = clocks
    }

    /// A look costs a millisecond, or a tenth of a second when a million jobs wait.
    private static let interval = Duration.seconds(5)

    /// Looks again if the last look was a while ago.
    ///
    /// What cannot be read is not shown, rather than shown as it was.
    package func refresh() async {
        let now = clocks.now()
        let isDue = state.withLock { state in
            if state.isLooking || state.isClosed { return false }
            if let last = state.lookedAt, last <= now, now - last < Self.interval { return false }
            state.isLooking = true
            return true
        }
        guard isDue else { return }
        // Ends with the look, whose result is awaited here; on a thread that may block.
        let census = await Task(executorPreference: executor) { self.look(now) }.value
        state.withLock { state in
            state.isLooking = false
            state.census = census
            if census != nil { state.lookedAt = now }
        }
    }

    private func look(_ now: Timestamp) -> QueueCensus? {
        examination.withLock { examination in
            do throws(StoreError) {
                if state.withLock(\.isClosed) { return nil }
                if let examination { return try examination.census(now: now) }
                let opened = try Examination(path: path)
                examination = opened
                return try opened.census(now: now)
            } catch {
                // The store's own log lines say what is wrong with it; the next look begins anew. What
                // only read loses nothing by a failed close.
                try? examination?.close()
                examination = nil
                return nil
            }
        }
    }

    /// Ends the connection; before the store's own is closed, which is the last to go.
    ///
    /// A look that does not come back is left to the end of the process.
    package func close() async {
        let isLooking = state.withLock { state in
            state.isClosed = true
            return state.isLooking
        }
        if isLooking { return }
        await Task(executorPreference: executor) {
            self.examination.withLock { examination in
                try? examination?.close()  // it only read
                examination = nil
            }
        }.value
    }

    /// All families.
    package var all: [any Metric] {
        [
            Readings(
                "samovar_jobs",
                "Jobs that wait, run or are dead, by state; a count ends at a million.",
                .all
            ) { [self] in
                state.withLock(\.census)?.jobs.mapValues(Double.init) ?? [:]
            },
            reading("samovar_unrouted_deliveries", "Deliveries that wait to be routed.") {
                Double($0.unroutedDeliveries)
            },
            reading("samovar_waiting_replays", "Deliveries that wait to be routed again.") {
                Double($0.waitingReplays)
            },
            reading(
                "samovar_oldest_delivery_age_seconds",
                "Since when the oldest delivery waits to be routed; 0 when none does."
            ) { [self] in age(of: $0.oldestDelivery) },
            reading(
                "samovar_oldest_job_age_seconds",
                "For how long the oldest job that could run waits for a worker; 0 when none does."
            ) { [self] in age(of: $0.oldestJob) },
            Reading(
                "samovar_queue_seen_timestamp_seconds",
                "When these figures of the queue were last read."
            ) { [self] in
                state.withLock(\.lookedAt).map { Double($0.rawValue) / 1_000_000 }
            },
        ]
    }

    private func reading(
        _ name: String,
        _ help: String,
        _ value: @escaping @Sendable (QueueCensus) -> Double
    ) -> Reading {
        Reading(name, help) { [self] in state.withLock(\.census).map(value) }
    }

    private func age(of time: Timestamp?) -> Double {
        time.map { max(0, (clocks.now() - $0).seconds) } ?? 0
    }
}

package import Logging
import Synchronization

/// Lines that a flood must not multiply: so many in a while, then none; the next line says how many
/// times it happened since the one before.
package final class SampledLog: Sendable {
    private struct State {
        var windowEnds: ContinuousClock.Instant?
        var linesInWindow = 0
        var happened = 0
    }

    private let logger: Logger
    private let lines: Int
    private let window: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// A log of its own for one kind of line.
    ///
    /// - Parameters:
    ///   - logger: where lines go.
    ///   - lines: the most in one window.
    ///   - window: begins with a line.
    ///   - now: the time, for tests.
    package init(
        _ logger: Logger,
        lines: Int = 1,
        every window: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.logger = logger
        self.lines = lines
        self.window = window
        self.now = now
    }

    /// Logs that something happened, or only counts it.
    ///
    /// - Parameters:
    ///   - level: how bad it is.
    ///   - message: the same each time.
    ///   - count: how many times it happened.
    ///   - counted: the metadata's name for how many times it happened since the last line.
    ///   - metadata: more details, made only for a line that is written.
    package func log(
        _ level: Logger.Level,
        _ message: Logger.Message,
        counting count: Int = 1,
        as counted: String = "since.last.log",
        metadata: () -> Logger.Metadata
    ) {
        guard level >= logger.logLevel else { return }
        let now = self.now()
        let sinceLast = state.withLock { state -> Int? in
            state.happened += count
            if state.windowEnds.map({ now >= $0 }) ?? true {
                state.windowEnds = now + window
                state.linesInWindow = 0
            }
            guard state.linesInWindow < lines else { return nil }
            state.linesInWindow += 1
            defer { state.happened = 0 }
            return state.happened
        }
        guard let sinceLast else { return }
        var metadata = metadata()
        // A line for each says nothing by saying "one".
        if lines == 1 || sinceLast > count { metadata[counted] = "\(sinceLast)" }
        logger.log(level: level, message, metadata: metadata)
    }
}

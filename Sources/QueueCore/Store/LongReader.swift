import Logging
import Synchronization
import Telemetry

/// Says in the log who keeps SQLite's log from being emptied: a shell in a transaction, a copy that
/// hangs.
///
/// A transaction of Samovar's own, or a person's look, is over within moments and is not worth a
/// line.
final class LongReader: Sendable {
    private struct State {
        var since: MonotonicTime?
        var nextLine = MonotonicTime(rawValue: .min)
        var isTold = false
    }

    private let path: String
    private let logger: Logger
    private let state = Mutex(State())

    init(store path: String, _ logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// A checkpoint left in the log what somebody still reads.
    ///
    /// Looking for him takes half a second and does not keep the caller.
    func noteBlocked(logPages pages: Int, at now: MonotonicTime) {
        let since = state.withLock { state -> MonotonicTime? in
            let since = state.since ?? now
            state.since = since
            guard now >= since + Limits.longReader, now >= state.nextLine else { return nil }
            state.nextLine = now + Limits.longReaderLogInterval
            state.isTold = true
            return since
        }
        guard let since else { return }
        let seconds = (now.rawValue - since.rawValue) / 1_000_000
        // Nothing waits for it: it ends with its line.
        Task { [path, logger] in
            let readers = await LogLocks.lasting(store: path).readers.sorted()
                .compactMap { ProcessName(pid: $0) }
                .filter { !$0.isService }
                .map(\.text)
            logger.warning(
                "a reader keeps the log from being emptied: it grows until the reader has gone",
                metadata: [
                    "readers":
                        "\(readers.isEmpty ? "out of sight" : readers.joined(separator: ", "))",
                    "log.pages": "\(pages)", "seconds": "\(seconds)",
                    "hint": "see samovar doctor",
                ]
            )
        }
    }

    /// A checkpoint moved all that was in the log.
    func noteEmptied() {
        let wasTold = state.withLock { state in
            defer { state = State(nextLine: state.nextLine) }
            return state.isTold
        }
        if wasTold { logger.notice("the log is emptied again", metadata: ["store": "\(path)"]) }
    }
}

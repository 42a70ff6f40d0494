import Logging

/// Says in the log who keeps SQLite's log from being emptied: a shell in a transaction, a copy that
/// hangs, a worker that was stopped.
///
/// A transaction of Samovar's own, or a person's look, is over within moments and is not worth a
/// line.
struct LongReader {
    private let path: String
    private let logger: Logger
    /// Where in the log the reader stands: another place is another reader.
    private var place: Int?
    private var since = MonotonicTime(rawValue: .min)
    private var nextLine = MonotonicTime(rawValue: .min)
    private var isTold = false

    init(store path: String, _ logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// A checkpoint left in the log what somebody still reads.
    ///
    /// Looking for him takes half a second and does not keep the caller.
    ///
    /// - Parameters:
    ///   - moved: how many pages it could move.
    ///   - pages: how many are in the log.
    ///   - now: when that was.
    mutating func noteBlocked(afterPages moved: Int, of pages: Int, at now: MonotonicTime) {
        if place != moved { since = now }
        place = moved
        guard now >= since + Limits.longReader, now >= nextLine else { return }
        nextLine = now + Limits.longReaderLogInterval
        isTold = true
        let seconds = (now - since).components.seconds
        // Nothing waits for it: it ends with its line.
        Task { [path, logger] in
            let readers = await LogLocks.lasting(store: path).readers.sorted()
                .compactMap { ProcessName(pid: $0) }
                .filter(\.mayHoldLong)
                .map(\.text)
            let names = readers.isEmpty ? "out of sight" : readers.joined(separator: ", ")
            logger.warning(
                "a reader keeps the log from being emptied: it grows until the reader has gone",
                metadata: [
                    "readers": "\(names)", "log.pages": "\(pages)", "seconds": "\(seconds)",
                    "hint": "see samovar doctor",
                ]
            )
        }
    }

    /// A checkpoint moved all that was in the log.
    mutating func noteEmptied() {
        if isTold { logger.notice("the log is emptied again", metadata: ["store": "\(path)"]) }
        place = nil
        isTold = false
    }
}

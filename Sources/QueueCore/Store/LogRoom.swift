import CSQLite

/// Room in which a commit's part of the log is gathered, to be written with one call.
///
/// SQLite writes the log in two small pieces a page, each a system call of a microsecond or more:
/// for the 60 pages of 16 deliveries as much as flushing them.
@safe
final class LogRoom {
    private let bytes = UnsafeMutableRawPointer.allocate(byteCount: LogRoom.size, alignment: 1)

    deinit {
        unsafe bytes.deallocate()
    }

    /// Runs a COMMIT; nothing else, since only that ends with a sync of the log.
    func gathering(_ commit: () throws -> Void) throws {
        unsafe csqlite_gather_log(bytes, Int32(LogRoom.size))
        do {
            try commit()
        } catch {
            // What it has not written never happened.
            _ = csqlite_gathered()
            throw error
        }
        let forgotten = csqlite_gathered()
        precondition(forgotten == 0, "a commit with synchronous = FULL syncs the log")
    }

    /// 31 pages with their headers: SQLite's system writes less than 128 KiB at a time (os_unix.c,
    /// seekAndWriteFd), so more is written in parts of this size.
    private static let size = 31 * (4096 + 24)
}

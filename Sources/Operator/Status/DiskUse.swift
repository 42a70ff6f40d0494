import Foundation

/// Sizes around the store's file, from the file system alone: opening the file beside SQLite would
/// drop SQLite's locks when it is closed again (sqlite.org/howtocorrupt.html).
struct DiskUse: Equatable {
    /// The log that waits to be moved into the database.
    var logBytes: Int64

    /// What is left on the store's file system; nil when it does not say.
    var freeBytes: Int64?
}

extension DiskUse {
    /// Looks beside a store.
    init(store: String) {
        let files = FileManager.default
        // Without a log there is none to be moved.
        let log = try? files.attributesOfItem(atPath: store + "-wal")[.size] as? NSNumber
        let system = try? files.attributesOfFileSystem(forPath: store)
        let free = system?[.systemFreeSize] as? NSNumber
        self.init(logBytes: log?.int64Value ?? 0, freeBytes: free?.int64Value)
    }
}

import Logging
import QueueCore
import Synchronization

/// The store of this process and the thread that it works on, from before it is open.
///
/// With a spool the ingress serves while the store cannot be opened, and goes on trying.
final class StoreOpening: Sendable {
    let path: String
    let executor: StoreExecutor
    let metrics: StoreMetrics
    private let open: @Sendable (_ mayCreate: Bool) throws(StoreError) -> SQLiteStore
    private let opened: Mutex<SQLiteStore?>
    private let identity = Mutex<String?>(nil)

    /// Opens nothing yet.
    init(path: String, logger: Logger) {
        let executor = StoreExecutor()
        self.path = path
        self.executor = executor
        let metrics = StoreMetrics(path: path)
        self.metrics = metrics
        open = { mayCreate throws(StoreError) in
            let store = try SQLiteStore(
                path: path,
                mayCreate: mayCreate,
                logger: logger,
                executor: executor,
                metrics: metrics
            )
            if store.isNew {
                // Right once; later, a disk that is not mounted looks just like it.
                logger.warning(
                    "no store was there: a new one begins",
                    metadata: ["store": "\(path)"]
                )
            }
            return store
        }
        opened = Mutex(nil)
    }

    /// A store that is open.
    init(_ store: SQLiteStore, path: String) {
        self.path = path
        executor = store.executor
        metrics = StoreMetrics(path: path)
        open = { _ in store }
        opened = Mutex(store)
    }

    /// The store, if it is open.
    var store: SQLiteStore? { opened.withLock(\.self) }

    /// Which store it is; nil until ``identify(_:)`` found out.
    var storeID: String? { identity.withLock(\.self) }

    /// Notes which store it is, for those who ask while it is busy.
    @discardableResult
    func identify(_ store: SQLiteStore) async throws(StoreError) -> String {
        let id = try await store.uuid()
        identity.withLock { $0 = id }
        return id
    }

    /// Opens the store, unless it is open.
    ///
    /// Blocks: to be called on the store's thread, or before there is any other.
    @discardableResult
    func openNow(mayCreate: Bool) throws(StoreError) -> SQLiteStore {
        if let store { return store }
        let store = try open(mayCreate)
        opened.withLock { $0 = store }
        return store
    }

    func close() async throws(StoreError) {
        try await store?.close()
    }
}

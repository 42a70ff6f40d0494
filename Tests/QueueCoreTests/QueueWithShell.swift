import QueueCore
import TestSupport

/// A queue with a person's shell on it; for tests of what people may do to SQLite's file.
func withQueueAndShell(_ body: (TestQueue, Shell) async throws -> Void) async throws {
    let clock = TestClock()
    try await withStore(clock: clock) { store, path in
        let shell = try Shell(path)
        try await body(TestQueue(store: store, clock: clock) { _ in store }, shell)
        try shell.close()
    }
}

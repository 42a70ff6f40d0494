package import QueueCore

/// Gives a test a fresh store of its own, and ends by checking that it is sound, whatever the test
/// was about.
package func withStore(
    clock: TestClock = TestClock(),
    _ body: (SQLiteStore, _ path: String) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let path = folder + "/queue.db"
        let store = try SQLiteStore(path: path, clocks: clock.clocks)
        try await body(store, path)
        try await store.close()
        try checkSoundness(ofStoreAt: path)
    }
}

/// What is wrong with a store.
package struct UnsoundStore: Error, CustomStringConvertible {
    package var description: String
}

/// Looks at a store from outside: SQLite's own checks, and all that `samovar doctor` knows of rows.
package func checkSoundness(ofStoreAt path: String) throws {
    let examination = try Examination(path: path)
    let findings = (examination.file(quick: false) + examination.rows()).filter(\.isFinding)
    try examination.close()
    guard findings.isEmpty else {
        throw UnsoundStore(description: findings.map(\.text).joined(separator: "\n"))
    }
}

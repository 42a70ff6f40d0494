import QueueCore

/// One implementation of `QueueStore` under the conformance suite.
///
/// Every test over the protocol takes a backend as its argument; another one is put into ``all``.
package struct Backend: Sendable, CustomStringConvertible {
    package let description: String
    private let run:
        @Sendable (TestClock, @Sendable (TestQueue) async throws -> Void) async throws -> Void

    package static let all = [sqlite]

    private static let sqlite = Backend(description: "SQLite") { clock, body in
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            try await body(queue)
        }
    }

    /// Gives a test a fresh queue, and checks afterwards that it is sound.
    package func withQueue(
        clock: TestClock = TestClock(),
        _ body: @Sendable (TestQueue) async throws -> Void
    ) async throws {
        try await run(clock, body)
    }
}

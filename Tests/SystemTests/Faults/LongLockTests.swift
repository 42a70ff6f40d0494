import Foundation
import TestSupport
import Testing

/// Somebody holds the write lock for longer than anybody waits.
@Suite
struct LongLockTests {
    /// How long the lock is held at least, through two whole waits of all clients: 30 s in
    /// `make soak`.
    private static let held = Duration.seconds(Trials.isSoak ? 30 : 6)

    @Test
    func `while the store is locked every answer comes, and every one is true`() async throws {
        try await Site.with { site in
            let promises = Promises()
            let ingress = try site.startIngress()
            try promises.send(Request(), to: ingress)
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let end = ContinuousClock.now + Self.held
            // Each answer is awaited while the lock is held: it waits for nothing but the budget.
            try await promises.load(ingress, clients: 8) {
                promises.count > 1 || promises.refused >= 16 && ContinuousClock.now > end
            }
            #expect(promises.count == 1)
            #expect(promises.refused >= 16)
            #expect(try site.deliveries == 1)
            try stranger.unlock()
            for _ in 1...20 { try promises.send(Request(), to: ingress) }
            #expect(promises.count == 21)
            // Nothing that was refused came in late.
            #expect(try site.deliveries == 21)
            try promises.checkAll(storeAt: site.store)
        }
    }
}

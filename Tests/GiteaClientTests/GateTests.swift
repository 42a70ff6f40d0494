import Synchronization
import TestSupport
import Testing

@testable import GiteaClient

@Suite
struct GateTests {
    /// How many are inside, and were at most.
    private final class Visitors: Sendable {
        private let state = Mutex((now: 0, most: 0))
        var counts: (now: Int, most: Int) { state.withLock(\.self) }

        func come() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
        }

        func go() {
            state.withLock { $0.now -= 1 }
        }
    }

    @Test
    func `many go through, few at a time`() async {
        let gate = Gate(3)
        let visitors = Visitors()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    guard await gate.enter() else { return }
                    visitors.come()
                    await Task.yield()
                    visitors.go()
                    gate.leave()
                }
            }
        }
        #expect(visitors.counts.most <= 3)
        #expect(visitors.counts.now == 0)
    }

    @Test
    func `who is cancelled while waiting takes no place`() async {
        let gate = Gate(1)
        #expect(await gate.enter())
        let waiting = Task { await gate.enter() }
        waiting.cancel()
        #expect(await waiting.value == false)
        gate.leave()
        #expect(await gate.enter())
    }

    @Test
    func `cancelled ones and others never lose a place`() async {
        let gate = Gate(2)
        for _ in 0..<100 {
            let tasks = (0..<8).map { _ in
                Task {
                    guard await gate.enter() else { return }
                    await Task.yield()
                    gate.leave()
                }
            }
            for task in tasks.prefix(4) { task.cancel() }
            for task in tasks { await task.value }
        }
        #expect(await gate.enter())
        #expect(await gate.enter())
    }
}

import QueueCore
import Testing

@testable import Worker

@Suite
struct PruningTests {
    @Test
    func `steps follow each other while there is more, then a minute passes`() {
        var round = PruningRound()
        let steps = [
            Pruned(bodies: 100, jobs: 7, hasMore: true), Pruned(bodies: 100, hasMore: true),
            Pruned(bodies: 3, deliveries: 2, pages: 9),
        ]
        let delays = steps.map { round.add($0) }
        #expect(delays == [.milliseconds(50), .milliseconds(50), .seconds(60)])
        #expect(round.finished == Pruned(bodies: 203, jobs: 7, deliveries: 2, pages: 9))
    }

    @Test
    func `a step that removed nothing ends the round, whatever it promises`() {
        var round = PruningRound()
        #expect(round.add(Pruned(hasMore: true)) == .seconds(60))
        #expect(round.finished == Pruned())
    }
}

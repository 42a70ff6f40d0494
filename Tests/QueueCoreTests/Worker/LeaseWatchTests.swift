import QueueCore
import TestSupport
import Testing

/// Which leases one worker takes from others, as its own clock and its own writes tell it.
@Suite
struct LeaseWatchTests {
    private static let term = Duration.seconds(30)
    private static let token = AttemptToken(job: JobID(rawValue: 5), attempt: 1)
    private static let other = WorkerID(rawValue: "w2")

    /// One worker's watch, and a clock that a test moves.
    private final class Watcher {
        var watch = LeaseWatch(term: LeaseWatchTests.term, bootID: "boot-1")
        let clock = TestClock()

        /// The lease as its worker renewed it last.
        func lease(renewedAt time: MonotonicTime, boot: String = "boot-1") -> Lease {
            Lease(
                token: LeaseWatchTests.token,
                worker: LeaseWatchTests.other,
                until: time + LeaseWatchTests.term,
                boot: boot
            )
        }

        func look(
            _ lease: Lease,
            isAlive: Bool = true
        ) -> [OrphanedAttempt.Cause] {
            watch.orphans(among: [lease], at: clock.monotonic) { _ in isAlive }.map(\.cause)
        }

        /// Time passes, and this worker writes as often as it is told to, or not at all.
        func pass(
            _ duration: Duration,
            writes: Bool = true,
            looking lease: Lease
        ) -> [OrphanedAttempt.Cause] {
            let end = clock.monotonic + duration
            var found: [OrphanedAttempt.Cause] = []
            while clock.monotonic < end {
                clock.advance(by: .milliseconds(250))
                if writes { watch.noteWrite(from: clock.monotonic, to: clock.monotonic) }
                found = look(lease)
            }
            return found
        }
    }

    @Test
    func `a lease of a dead worker is an orphan at once, whatever its time says`() {
        let watcher = Watcher()
        let lease = watcher.lease(renewedAt: watcher.clock.monotonic)
        #expect(watcher.look(lease) == [])
        #expect(watcher.look(lease, isAlive: false) == [.workerDied])
        // Containers with boot ids of their own have one clock.
        let contained = watcher.lease(renewedAt: watcher.clock.monotonic, boot: "boot-2")
        #expect(watcher.look(contained, isAlive: false) == [.workerDied])
        for seconds in [-7200, -90, 90, 7200] {
            let then = watcher.clock.monotonic + .seconds(seconds)
            let earlier = watcher.lease(renewedAt: then, boot: "boot-0")
            #expect(watcher.look(earlier, isAlive: false) == [.machineRestarted])
        }
    }

    @Test
    func `a worker that lives and does not renew loses its lease a renewal interval later`() {
        let watcher = Watcher()
        let lease = watcher.lease(renewedAt: watcher.clock.monotonic)
        #expect(watcher.pass(Self.term, looking: lease) == [])
        #expect(watcher.pass(Self.term / 3, looking: lease) == [])
        #expect(watcher.pass(.seconds(1), looking: lease) == [.leaseRanOut])
    }

    @Test
    func `after a store has stalled for longer than a lease, its worker has time to renew`() {
        let watcher = Watcher()
        let lease = watcher.lease(renewedAt: watcher.clock.monotonic)
        #expect(watcher.pass(.seconds(5), looking: lease) == [])
        // Nobody can write for three leases, and this worker is the first to come back.
        #expect(watcher.pass(Self.term * 3, writes: false, looking: lease) == [])
        #expect(watcher.pass(Self.term / 3, looking: lease) == [])
        let renewed = watcher.lease(renewedAt: watcher.clock.monotonic)
        #expect(watcher.pass(Self.term / 3, looking: renewed) == [])
        #expect(watcher.pass(Self.term, looking: renewed) == [])
    }

    @Test
    func `a write that took long, or failed, begins the wait anew`() {
        for hasFailed in [true, false] {
            let watcher = Watcher()
            let lease = watcher.lease(renewedAt: watcher.clock.monotonic)
            #expect(watcher.pass(Self.term, looking: lease) == [])
            #expect(watcher.pass(Self.term / 6, looking: lease) == [])
            let start = watcher.clock.monotonic
            watcher.clock.advance(by: .seconds(20))
            if hasFailed {
                watcher.watch.noteFailedWrite()
            } else {
                watcher.watch.noteWrite(from: start, to: watcher.clock.monotonic)
            }
            #expect(watcher.look(lease) == [])
            #expect(watcher.pass(Self.term / 3 - .seconds(1), looking: lease) == [])
            #expect(watcher.pass(.seconds(2), looking: lease) == [.leaseRanOut])
        }
    }

    @Test
    func `a worker with a boot id of its own may have a longer lease than this one`() {
        let watcher = Watcher()
        let long = Lease(
            token: Self.token,
            worker: Self.other,
            until: watcher.clock.monotonic + .seconds(300),
            boot: "boot-2"
        )
        #expect(watcher.pass(.seconds(200), looking: long) == [])
        #expect(watcher.pass(.seconds(200), looking: long) == [.leaseRanOut])
    }

    @Test
    func `a worker with a boot id of its own keeps what it renews, and loses what it does not`() {
        let watcher = Watcher()
        // Its clock says nothing here: long past by this one.
        for _ in 1...20 {
            let lease = watcher.lease(
                renewedAt: MonotonicTime(rawValue: watcher.clock.monotonic.rawValue / 1000),
                boot: "boot-2"
            )
            #expect(watcher.pass(Self.term / 3, looking: lease) == [])
        }
        let last = watcher.lease(renewedAt: MonotonicTime(rawValue: 7), boot: "boot-2")
        #expect(watcher.pass(Self.term, looking: last) == [])
        #expect(watcher.pass(Self.term / 3, looking: last) == [])
        #expect(watcher.pass(.seconds(1), looking: last) == [.leaseRanOut])
    }

    @Test
    func `a worker in doubt about another writes more often`() {
        let watcher = Watcher()
        let lease = watcher.lease(renewedAt: watcher.clock.monotonic)
        #expect(watcher.look(lease) == [])
        #expect(watcher.watch.heartbeatInterval == Self.term / 3)
        _ = watcher.pass(Self.term + .seconds(1), looking: lease)
        #expect(watcher.watch.heartbeatInterval == Self.term / 12)
        _ = watcher.look(watcher.lease(renewedAt: watcher.clock.monotonic))
        #expect(watcher.watch.heartbeatInterval == Self.term / 3)
    }
}

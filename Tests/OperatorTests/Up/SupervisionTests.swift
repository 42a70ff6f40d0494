import QueueCore
import Spawn
import Testing

@testable import Operator

@Suite
struct SupervisionTests {
    private static let start = MonotonicTime(rawValue: 1_000_000)

    /// Both services run since ``start``.
    private func running() -> Supervision {
        var supervision = Supervision()
        #expect(supervision.begin() == [.start(.ingress)])
        supervision.started(.ingress, at: Self.start)
        #expect(supervision.ready(.ingress) == [.start(.worker)])
        supervision.started(.worker, at: Self.start)
        return supervision
    }

    @Test
    func `the worker starts once, when the ingress is ready`() {
        var supervision = running()
        #expect(supervision.ready(.worker) == [])
        _ = supervision.ended(.ingress, .signal(9), at: Self.start + .seconds(2))
        #expect(supervision.due(.ingress) == [.start(.ingress)])
        supervision.started(.ingress, at: Self.start + .seconds(3))
        #expect(supervision.ready(.ingress) == [])
    }

    @Test(arguments: [Int32(64), 69, 78], [Duration.milliseconds(100), .seconds(30)])
    func `an ingress that refuses to begin ends alone`(code: Int32, lifetime: Duration) {
        var supervision = Supervision()
        _ = supervision.begin()
        supervision.started(.ingress, at: Self.start)
        #expect(
            supervision.ended(.ingress, .code(code), at: Self.start + lifetime)
                == [.finish(code: code)]
        )
        #expect(supervision.isStopping)
        #expect(supervision.ready(.ingress) == [])
    }

    @Test(arguments: [ChildProcess.Exit.signal(9), .code(70), .code(0)])
    func `an ingress that is ended before it was ready is started again`(
        exit: ChildProcess.Exit
    ) {
        var supervision = Supervision()
        _ = supervision.begin()
        supervision.started(.ingress, at: Self.start)
        let soon = Self.start + .milliseconds(300)
        #expect(
            supervision.ended(.ingress, exit, at: soon)
                == [.startLater(.ingress, after: .milliseconds(500))]
        )
        #expect(supervision.due(.ingress) == [.start(.ingress)])
        supervision.started(.ingress, at: soon + .milliseconds(500))
        #expect(supervision.ready(.ingress) == [.start(.worker)])
    }

    @Test
    func `one request asks each service once, and all of them end before the supervisor`() {
        var supervision = running()
        #expect(supervision.requested(.gracefully) == [.terminate(.ingress), .terminate(.worker)])
        let later = Self.start + .seconds(5)
        #expect(supervision.ended(.worker, .code(0), at: later) == [])
        #expect(supervision.ended(.ingress, .signal(9), at: later) == [.finish(code: 0)])
    }

    @Test
    func `a second request asks again, and patience has an end`() {
        var supervision = running()
        _ = supervision.requested(.gracefully)
        _ = supervision.ended(.ingress, .code(0), at: Self.start)
        #expect(
            supervision.requested(.now) == [
                .terminate(.worker), .losePatience(after: .seconds(15)),
            ]
        )
        #expect(supervision.patienceIsOver() == [.kill(.worker)])
        #expect(supervision.ended(.worker, .signal(9), at: Self.start) == [.finish(code: 0)])
        #expect(supervision.patienceIsOver() == [])
    }

    @Test
    func `a service that ends by itself is started again, later each time up to 10 s`() {
        var supervision = running()
        var time = Self.start + .seconds(2)
        for delay in [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            #expect(
                supervision.ended(.worker, .signal(11), at: time)
                    == [.startLater(.worker, after: .milliseconds(delay))]
            )
            #expect(supervision.due(.worker) == [.start(.worker)])
            supervision.started(.worker, at: time)
            time = time + .milliseconds(10)
        }
        #expect(
            supervision.ended(.worker, .code(1), at: time + .seconds(61))
                == [.startLater(.worker, after: .milliseconds(500))]
        )
    }

    @Test(
        arguments: [
            ChildProcess.Exit.signal(9), .code(0), .code(64), .code(69), .code(70), .code(78),
        ],
        [Duration.milliseconds(300), .seconds(3_600)]
    )
    func `nothing about a worker stops the ingress`(
        exit: ChildProcess.Exit,
        lifetime: Duration
    ) {
        var supervision = running()
        #expect(
            supervision.ended(.worker, exit, at: Self.start + lifetime)
                == [.startLater(.worker, after: .milliseconds(500))]
        )
        #expect(!supervision.isStopping)
        #expect(supervision.due(.worker) == [.start(.worker)])
    }

    @Test(arguments: [Int32(64), 69, 78])
    func `an ingress that was ready is tried again whatever it says later`(code: Int32) {
        var supervision = running()
        let later = Self.start + .seconds(3_600)
        #expect(
            supervision.ended(.ingress, .code(code), at: later)
                == [.startLater(.ingress, after: .milliseconds(500))]
        )
        #expect(!supervision.isStopping)
    }

    @Test
    func `a stop while a service waits for its restart does not start it`() {
        var supervision = running()
        let later = Self.start + .seconds(2)
        _ = supervision.ended(.worker, .code(1), at: later)
        #expect(supervision.requested(.gracefully) == [.terminate(.ingress)])
        #expect(supervision.due(.worker) == [])
        #expect(supervision.ended(.ingress, .code(0), at: later) == [.finish(code: 0)])
    }

    @Test
    func `an ingress that cannot be started at first ends everything`() {
        var supervision = Supervision()
        _ = supervision.begin()
        #expect(supervision.failedToStart(.ingress) == [.finish(code: 70)])
    }

    @Test
    func `a worker that cannot be started is tried later, and the ingress goes on`() {
        var supervision = Supervision()
        _ = supervision.begin()
        supervision.started(.ingress, at: Self.start)
        #expect(supervision.ready(.ingress) == [.start(.worker)])
        for delay in [500, 1_000] {
            #expect(
                supervision.failedToStart(.worker)
                    == [.startLater(.worker, after: .milliseconds(delay))]
            )
        }
    }
}

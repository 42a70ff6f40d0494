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

    @Test(arguments: [Duration.milliseconds(100), .seconds(30)])
    func `an ingress that never was ready ends alone`(lifetime: Duration) {
        var supervision = Supervision()
        _ = supervision.begin()
        supervision.started(.ingress, at: Self.start)
        #expect(
            supervision.ended(.ingress, .code(69), at: Self.start + lifetime)
                == [.finish(code: 69)]
        )
        #expect(supervision.ready(.ingress) == [])
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

    @Test(arguments: [Int32(64), 78])
    func `a service that refuses its configuration ends everything with its code`(code: Int32) {
        var supervision = running()
        let later = Self.start + .seconds(3_600)
        #expect(supervision.ended(.ingress, .code(code), at: later) == [.terminate(.worker)])
        #expect(supervision.ended(.worker, .code(0), at: later) == [.finish(code: code)])
    }

    @Test(
        arguments: [
            (ChildProcess.Exit.code(69), Int32(69)), (.code(0), 70), (.signal(6), 70),
        ]
    )
    func `a service that dies at once at its first start ends everything`(
        exit: ChildProcess.Exit,
        code: Int32
    ) {
        var supervision = running()
        let soon = Self.start + .milliseconds(900)
        #expect(supervision.ended(.ingress, exit, at: soon) == [.terminate(.worker)])
        #expect(supervision.isStopping)
        #expect(supervision.ended(.worker, .code(0), at: soon) == [.finish(code: code)])
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
    func `a service that cannot be started at first ends everything`() {
        var supervision = Supervision()
        _ = supervision.begin()
        supervision.started(.ingress, at: Self.start)
        _ = supervision.ready(.ingress)
        #expect(supervision.failedToStart(.worker) == [.terminate(.ingress)])
        #expect(supervision.ended(.ingress, .code(0), at: Self.start) == [.finish(code: 70)])
    }

    @Test
    func `a service that cannot be started again is tried later`() {
        var supervision = running()
        _ = supervision.ended(.worker, .code(1), at: Self.start + .seconds(2))
        #expect(
            supervision.failedToStart(.worker) == [.startLater(.worker, after: .seconds(1))]
        )
    }
}

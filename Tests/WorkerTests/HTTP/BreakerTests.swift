import QueueCore
import Testing

@testable import Worker

@Suite
struct BreakerTests {
    private static let start = MonotonicTime(rawValue: 1_000_000_000)

    // The macro cannot call what changes a value.
    private func expect(_ isNews: Bool, _ place: SourceLocation = #_sourceLocation) {
        #expect(isNews, sourceLocation: place)
    }

    private func expectNothing(_ isNews: Bool, _ place: SourceLocation = #_sourceLocation) {
        #expect(!isNews, sourceLocation: place)
    }

    /// A breaker that has just opened.
    private func opened() -> Breaker {
        var breaker = Breaker()
        for number in 1...5 {
            let opens = breaker.failed("refused", isProbe: false, at: Self.start)
            #expect(opens == (number == 5))
        }
        return breaker
    }

    @Test
    func `it opens with the fifth failure in a row`() {
        var breaker = Breaker()
        for _ in 1...4 { expectNothing(breaker.failed("x", isProbe: false, at: Self.start)) }
        #expect(breaker.state == .closed)
        #expect(breaker.admission(at: Self.start) == .all)
        expect(breaker.failed("y", isProbe: false, at: Self.start))
        #expect(breaker.state == .open(until: Self.start + .seconds(5)))
        #expect(breaker.failures == 5)
        #expect(breaker.error == "y")
    }

    @Test
    func `one response starts the count anew`() {
        var breaker = Breaker()
        for _ in 1...4 { _ = breaker.failed("x", isProbe: false, at: Self.start) }
        expectNothing(breaker.answered())
        for _ in 1...4 { expectNothing(breaker.failed("x", isProbe: false, at: Self.start)) }
        #expect(breaker.state == .closed)
    }

    @Test
    func `open, it admits nothing, and then one`() {
        var breaker = opened()
        #expect(breaker.admission(at: Self.start) == .none)
        #expect(breaker.admission(at: Self.start + .milliseconds(4_999)) == .none)
        #expect(breaker.admission(at: Self.start + .seconds(5)) == .one)
        let isProbe = breaker.start(at: Self.start + .seconds(5))
        #expect(isProbe)
        #expect(breaker.state == .probing)
        #expect(breaker.admission(at: Self.start + .seconds(3_600)) == .none)
    }

    @Test
    func `a job that starts while it is open is no probe`() {
        var breaker = opened()
        let isProbe = breaker.start(at: Self.start + .seconds(4))
        #expect(!isProbe)
        #expect(breaker.state == .open(until: Self.start + .seconds(5)))
    }

    @Test
    func `a probe that is answered closes it`() {
        var breaker = opened()
        _ = breaker.start(at: Self.start + .seconds(5))
        expect(breaker.answered())
        #expect(breaker == Breaker())
    }

    @Test
    func `it stays open longer each time, up to two minutes`() {
        var breaker = opened()
        var now = Self.start
        var pauses: [Double] = []
        for _ in 1...8 {
            guard case .open(let until) = breaker.state else { break }
            pauses.append(Duration.microseconds(until.rawValue - now.rawValue).seconds)
            now = until
            expect(breaker.start(at: now))
            // Opened is news, opened again is not.
            expectNothing(breaker.failed("x", isProbe: true, at: now))
        }
        #expect(pauses == [5, 10, 20, 40, 80, 120, 120, 120])
    }

    @Test
    func `after it was closed it begins with the short pause again`() {
        var breaker = opened()
        _ = breaker.start(at: Self.start + .seconds(5))
        _ = breaker.failed("x", isProbe: true, at: Self.start + .seconds(5))
        expect(breaker.answered())
        breaker = opened()
        #expect(breaker.state == .open(until: Self.start + .seconds(5)))
    }

    @Test
    func `jobs that ran before it opened change nothing`() {
        var breaker = opened()
        expectNothing(breaker.failed("late", isProbe: false, at: Self.start + .seconds(3)))
        #expect(breaker.state == .open(until: Self.start + .seconds(5)))
        #expect(breaker.failures == 6)
        _ = breaker.start(at: Self.start + .seconds(5))
        expectNothing(breaker.failed("late", isProbe: false, at: Self.start + .seconds(6)))
        #expect(breaker.state == .probing)
        // But a response is one, whoever gets it.
        expect(breaker.answered())
        #expect(breaker.state == .closed)
    }

    @Test
    func `a probe that was stopped lets the next one find out`() {
        var breaker = opened()
        _ = breaker.start(at: Self.start + .seconds(5))
        breaker.gaveUp(isProbe: false, at: Self.start + .seconds(6))
        #expect(breaker.state == .probing)
        breaker.gaveUp(isProbe: true, at: Self.start + .seconds(6))
        #expect(breaker.admission(at: Self.start + .seconds(6)) == .one)
    }

    @Test
    func `a probe that ends after it was closed changes nothing`() {
        var breaker = opened()
        _ = breaker.start(at: Self.start + .seconds(5))
        _ = breaker.answered()
        breaker.gaveUp(isProbe: true, at: Self.start + .seconds(6))
        #expect(breaker == Breaker())
        expectNothing(breaker.failed("x", isProbe: true, at: Self.start + .seconds(6)))
        #expect(breaker.state == .closed)
    }

    @Test
    func `closed by an operator, it lets one job try, and waits for a probe that runs`() {
        var breaker = opened()
        breaker.close(at: Self.start)
        #expect(breaker.admission(at: Self.start) == .one)
        _ = breaker.start(at: Self.start)
        breaker.close(at: Self.start)
        #expect(breaker.state == .probing)
        var closed = Breaker()
        closed.close(at: Self.start)
        #expect(closed == Breaker())
    }
}

import Logging
import QueueCore
import TestSupport
import Testing

@testable import Worker

@Suite
struct BreakersTests {
    private let clock = TestClock()
    private let log = LogLines()
    private let main = HandlerName(rawValue: "main")
    private let other = HandlerName(rawValue: "other")

    private func breakers() -> Breakers {
        Breakers(handlers: [main, other], clocks: clock.clocks, logger: log.logger)
    }

    private func fail(_ breakers: Breakers, times: Int) {
        for _ in 0..<times {
            let isProbe = breakers.start(main)
            breakers.end(.failed("connection refused: h:80"), of: main, isProbe: isProbe)
        }
    }

    @Test
    func `while all is well the limit is the configured one and there is nothing to show`() {
        let breakers = breakers()
        fail(breakers, times: 4)
        #expect(breakers.limit(of: main, concurrency: 5) == 5)
        #expect(breakers.json == "{}")
        #expect(log.lines.isEmpty)
    }

    @Test
    func `a handler that a changed configuration keeps stays open, a changed one is tried anew`() {
        let kept = breakers()
        fail(kept, times: 5)
        #expect(kept.limit(of: main, concurrency: 5) == 0)
        let new = HandlerName(rawValue: "new")
        kept.follow(handlers: [main, new], changed: [new])
        #expect(kept.limit(of: main, concurrency: 5) == 0)
        #expect(kept.areOpen == [main: true, new: false])
        kept.follow(handlers: [main], changed: [main])
        #expect(kept.limit(of: main, concurrency: 5) == 5)
        #expect(kept.json == "{}")
    }

    @Test
    func `a job that outlives its handler's stay in the configuration is counted nowhere`() {
        let breakers = breakers()
        let isProbe = breakers.start(main)
        breakers.follow(handlers: [other], changed: [])
        breakers.follow(handlers: [main, other], changed: [])
        breakers.end(.answered, of: main, isProbe: isProbe)
        fail(breakers, times: 5)
        clock.advance(by: Breaker.pauseShortest)
        #expect(breakers.limit(of: main, concurrency: 5) == 1)
    }

    @Test
    func `an exec handler has no breaker`() {
        let name = HandlerName(rawValue: "exec")
        #expect(breakers().limit(of: name, concurrency: 3) == 3)
    }

    @Test
    func `open, no job may be claimed, later one, and each handler has its own`() {
        let breakers = breakers()
        fail(breakers, times: 5)
        #expect(breakers.limit(of: main, concurrency: 5) == 0)
        #expect(breakers.limit(of: other, concurrency: 5) == 5)
        clock.advance(by: .seconds(5))
        #expect(breakers.limit(of: main, concurrency: 5) == 1)
        #expect(breakers.start(main))
        // The probe itself is leased.
        #expect(breakers.limit(of: main, concurrency: 5) == 1)
        breakers.end(.answered, of: main, isProbe: true)
        #expect(breakers.limit(of: main, concurrency: 5) == 5)
    }

    @Test
    func `jobs that still run do not keep the probe from starting`() {
        let breakers = breakers()
        let slow = [breakers.start(main), breakers.start(main)]
        #expect(slow == [false, false])
        fail(breakers, times: 5)
        #expect(breakers.limit(of: main, concurrency: 5) == 2)
        clock.advance(by: .seconds(5))
        #expect(breakers.limit(of: main, concurrency: 5) == 3)
        #expect(breakers.limit(of: main, concurrency: 2) == 2)
    }

    @Test
    func `what is not closed is shown by handler`() {
        let breakers = breakers()
        fail(breakers, times: 5)
        #expect(
            breakers.json
                == #"{"main":{"state":"open","since":"2026-09-21T14:13:20.000000Z","failures":5,"#
                + #""until":"2026-09-21T14:13:25.000000Z","error":"connection refused: h:80"}}"#
        )
        clock.advance(by: .seconds(5))
        let isProbe = breakers.start(main)
        #expect(breakers.json.contains(#""main":{"state":"probing","since":"2026-09-21T14:13:20."#))
        breakers.end(.failed("x"), of: main, isProbe: isProbe)
        #expect(breakers.json.contains(#""until":"2026-09-21T14:13:35.000000Z","error":"x"}"#))
        clock.advance(by: .seconds(10))
        breakers.end(.answered, of: main, isProbe: breakers.start(main))
        #expect(breakers.json == "{}")
    }

    @Test
    func `one line is logged when it opens and one when it closes`() {
        let breakers = breakers()
        fail(breakers, times: 9)
        for _ in 0..<3 {
            clock.advance(by: .seconds(120))
            fail(breakers, times: 1)
        }
        #expect(log.lines.count == 1)
        #expect(
            log.lines.first
                == "error a handler cannot be reached, its jobs wait "
                + "error=connection refused: h:80 failures=5 handler=main"
        )
        clock.advance(by: .seconds(120))
        breakers.end(.answered, of: main, isProbe: breakers.start(main))
        #expect(log.lines.last == "notice a handler can be reached again handler=main")
        #expect(log.lines.count == 2)
    }

    @Test
    func `a job that was stopped says nothing about the connection`() {
        let breakers = breakers()
        fail(breakers, times: 4)
        breakers.end(.nothing, of: main, isProbe: breakers.start(main))
        #expect(breakers.limit(of: main, concurrency: 5) == 5)
        fail(breakers, times: 1)
        #expect(breakers.limit(of: main, concurrency: 5) == 0)
    }

    @Test
    func `an operator who closes one has the next job tried at once, and the pauses short again`() {
        let breakers = breakers()
        fail(breakers, times: 5)
        clock.advance(by: .seconds(120))
        fail(breakers, times: 1)
        #expect(breakers.limit(of: main, concurrency: 5) == 0)
        breakers.close([main, HandlerName(rawValue: "gone")])
        #expect(breakers.limit(of: main, concurrency: 5) == 1)
        #expect(log.lines.last?.contains("an operator closed a breaker") == true)
        let isProbe = breakers.start(main)
        #expect(isProbe)
        breakers.end(.failed("x"), of: main, isProbe: isProbe)
        #expect(breakers.limit(of: main, concurrency: 5) == 0)
        clock.advance(by: Breaker.pauseShortest)
        #expect(breakers.limit(of: main, concurrency: 5) == 1)
        // It has been open all the time.
        #expect(breakers.json.contains(#""since":"2026-09-21T14:13:20.000000Z""#))
    }
}

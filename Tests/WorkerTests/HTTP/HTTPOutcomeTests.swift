import QueueCore
import Testing

@testable import Worker

@Suite
struct HTTPOutcomeTests {
    private static let now = Timestamp(rawValue: 1_790_000_000_000_000)

    private func outcome(
        _ answer: HTTPAnswer,
        stopped: StopReason? = nil,
        failures: Int = 0,
        waited: Duration? = nil,
        isProbe: Bool = false
    ) -> (outcome: Outcome, error: String?) {
        let rule = HTTPOutcome(
            policy: RetryPolicy(attempts: 3, base: .seconds(10), cap: .seconds(60)),
            timeout: .seconds(90),
            failures: failures,
            waitsSince: waited.map { Timestamp(rawValue: Self.now.rawValue - $0.microseconds) },
            isProbe: isProbe,
            now: Self.now,
            random: 0
        )
        return rule.of(answer, stopped: stopped)
    }

    @Test(arguments: 200..<600)
    func `every status is done, dead, or once more`(status: Int) {
        let (outcome, error) = outcome(.status(status, retryAfter: nil))
        switch status {
        case 200..<300:
            #expect(outcome == .done)
            #expect(error == nil)
        case 408, 425, 429, 500..<600:
            #expect(outcome == .retry(after: .seconds(5)))
            #expect(error == "HTTP \(status)")
        case 300..<400:
            #expect(outcome == .dead(reason: "HTTP \(status): redirects are not followed"))
            #expect(error == "HTTP \(status): redirects are not followed")
        default:
            #expect(outcome == .dead(reason: "HTTP \(status)"))
            #expect(error == "HTTP \(status)")
        }
    }

    static let wishes: [(String, Duration)] = [
        ("120", .seconds(120)),
        // Shorter than the policy's own delay.
        ("1", .seconds(5)), ("0", .seconds(5)),
        // A week at most.
        ("604800", .seconds(604_800)), ("604801", .seconds(604_800)),
        ("99999999999999999999", .seconds(604_800)),
        ("soon", .seconds(5)), ("", .seconds(5)),
        ("Mon, 21 Sep 2026 14:23:20 GMT", .seconds(600)),
        ("Mon, 21 Sep 2026 14:03:20 GMT", .seconds(5)),
        ("Wed, 21 Sep 2050 14:03:20 GMT", .seconds(604_800)),
    ]

    @Test(arguments: wishes)
    func `a service may ask for a longer delay`(retryAfter: String, delay: Duration) {
        for status in [408, 425, 429, 500, 503] {
            #expect(
                outcome(.status(status, retryAfter: retryAfter)).outcome == .retry(after: delay)
            )
        }
        #expect(outcome(.status(404, retryAfter: retryAfter)).outcome == .dead(reason: "HTTP 404"))
        #expect(outcome(.status(202, retryAfter: retryAfter)).outcome == .done)
    }

    @Test
    func `the budget counts the failures before`() {
        #expect(
            outcome(.status(503, retryAfter: nil), failures: 1).outcome
                == .retry(after: .seconds(10))
        )
        let last = outcome(.status(503, retryAfter: "60"), failures: 2)
        #expect(last.outcome == .dead(reason: "retries exhausted: HTTP 503"))
        #expect(last.error == "HTTP 503")
    }

    @Test
    func `no response means once more`() {
        let (outcome, error) = outcome(.noResponse(error: "connection refused: h:80"))
        #expect(outcome == .retry(after: .seconds(5)))
        #expect(error == "connection refused: h:80")
    }

    @Test
    func `a service that is not reached costs no failure, whatever is left of the budget`() {
        for stopped in [nil, StopReason.timedOut] {
            let (outcome, error) = outcome(
                .unreached(error: "connection refused: h:80"),
                stopped: stopped,
                failures: 2
            )
            #expect(outcome == .snooze(for: .seconds(5)))
            #expect(error == (stopped == nil ? "connection refused: h:80" : "timed out after 90 s"))
        }
    }

    @Test
    func `a probe without a response costs no failure, another attempt does`() {
        let answer = HTTPAnswer.noResponse(error: "closed before a response: h:80")
        for stopped in [nil, StopReason.timedOut] {
            let probe = outcome(answer, stopped: stopped, failures: 2, isProbe: true)
            #expect(probe.outcome == .snooze(for: .seconds(5)))
            guard case .dead = outcome(answer, stopped: stopped, failures: 2).outcome else {
                Issue.record("a failure was not counted")
                continue
            }
        }
        // A status is an answer, also to a probe.
        #expect(
            outcome(.status(503, retryAfter: nil), isProbe: true).outcome
                == .retry(after: .seconds(5))
        )
    }

    @Test
    func `after a day of it, it fails as ever, and goes on waiting meanwhile`() {
        let answer = HTTPAnswer.unreached(error: "refused")
        let day = Duration.seconds(86_400)
        #expect(outcome(answer, waited: day).outcome == .snooze(for: .seconds(5)))
        let over = day + .microseconds(1)
        #expect(
            outcome(answer, waited: over).outcome
                == .retry(after: .seconds(5), keepsWaiting: true)
        )
        #expect(
            outcome(answer, failures: 1, waited: over).outcome
                == .retry(after: .seconds(10), keepsWaiting: true)
        )
        #expect(
            outcome(answer, failures: 2, waited: over).outcome
                == .dead(reason: "retries exhausted: refused")
        )
    }

    @Test
    func `a machine that is out of something is no failure of the job`() {
        let (outcome, error) = outcome(.notAsked(error: "too many open files"), failures: 2)
        #expect(outcome == .snooze(for: .seconds(10)))
        #expect(error == "too many open files")
    }

    @Test
    func `a body that cannot be made is dead at once`() {
        let (outcome, error) = outcome(.noBody(reason: "no JSON"))
        #expect(outcome == .dead(reason: "no JSON"))
        #expect(error == "no JSON")
    }

    static let stops: [(StopReason, Outcome, String)] = [
        (.timedOut, .retry(after: .seconds(5)), "timed out after 90 s"),
        (
            .cancelled, .cancelled(reason: "cancelled by an operator"),
            "cancelled by an operator"
        ),
        (.shutdown, .released, "the worker stopped"), (.leaseLost, .released, "the lease was lost"),
    ]

    @Test(arguments: stops)
    func `without a response, why it was stopped counts`(
        reason: StopReason,
        expected: Outcome,
        error: String
    ) {
        let answers: [HTTPAnswer] = [.noResponse(error: "x"), .notAsked(error: "x")]
        if reason != .timedOut {
            #expect(outcome(.unreached(error: "x"), stopped: reason).outcome == expected)
        }
        for answer in answers {
            let found = outcome(answer, stopped: reason)
            #expect(found.outcome == expected)
            #expect(found.error == error)
        }
    }

    @Test(arguments: stops)
    func `what is done stays done, however it was stopped afterwards`(
        reason: StopReason,
        expected: Outcome,
        error: String
    ) {
        #expect(outcome(.status(201, retryAfter: nil), stopped: reason).outcome == .done)
    }

    @Test
    func `a failure that was known before the stop stays a failure`() {
        for reason in [StopReason.timedOut, .shutdown, .leaseLost] {
            let failed = outcome(.status(500, retryAfter: nil), stopped: reason)
            #expect(failed.outcome == .retry(after: .seconds(5)))
            let dead = outcome(.status(404, retryAfter: nil), stopped: reason)
            #expect(dead.outcome == .dead(reason: "HTTP 404"))
        }
        let cancelled = outcome(.status(500, retryAfter: nil), stopped: .cancelled)
        #expect(cancelled.outcome == .cancelled(reason: "cancelled by an operator"))
    }
}

@Suite
struct RetryAfterTests {
    static let dates: [(String, Int64)] = [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
        ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
        ("Fri, 31 Dec 2100 23:59:60 GMT", 4_133_980_800),
        (" Mon, 21 Sep 2026 14:13:20 GMT\t", 1_790_000_000),
    ]

    @Test(arguments: dates)
    func `a date is read`(text: String, seconds: Int64) {
        let epoch = Timestamp(rawValue: 0)
        #expect(RetryAfter.delay(text, now: epoch) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "-1", "1.5", "5 s", "0x10", "١", "tomorrow", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
    ])
    func `anything else is passed over`(text: String) {
        #expect(RetryAfter.delay(text, now: Timestamp(rawValue: 0)) == nil)
    }
}

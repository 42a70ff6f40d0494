import QueueCore
import Spawn
import Testing

@testable import Worker

@Suite
struct ExecOutcomeTests {
    private static let policy = RetryPolicy(attempts: 3, base: .seconds(10), cap: .seconds(60))

    private func outcome(
        _ exit: ChildProcess.Exit,
        stopped: StopReason? = nil,
        result: HandlerResult? = nil,
        failures: Int = 0
    ) -> (outcome: Outcome, error: String?) {
        ExecOutcome.of(
            exit: exit,
            stopped: stopped,
            timeout: .seconds(90),
            result: result,
            failures: failures,
            policy: Self.policy,
            random: 0
        )
    }

    @Test(arguments: 0...255)
    func `an exit code says done, dead, or once more`(code: Int32) {
        let (outcome, error) = outcome(.code(code))
        switch code {
        case 0:
            #expect(outcome == .done)
            #expect(error == nil)
        case 64, 65, 77, 78:
            #expect(outcome == .dead(reason: "exit code \(code)"))
            #expect(error == "exit code \(code)")
        default:
            #expect(outcome == .retry(after: .seconds(5)))
            #expect(error == "exit code \(code)")
        }
    }

    @Test(arguments: 1...64)
    func `a signal means once more`(signal: Int32) {
        let (outcome, error) = outcome(.signal(signal))
        #expect(outcome == .retry(after: .seconds(5)))
        #expect(error == "ended by signal \(signal)")
    }

    @Test
    func `the budget counts the failures before`() {
        #expect(outcome(.code(75), failures: 1).outcome == .retry(after: .seconds(10)))
        let last = outcome(.code(75), failures: 2)
        #expect(last.outcome == .dead(reason: "retries exhausted: exit code 75"))
        #expect(last.error == "exit code 75")
    }

    static let stops: [(StopReason, Outcome, String)] = [
        (.timedOut, .retry(after: .seconds(5)), "timed out after 90 s"),
        (.wentQuiet, .retry(after: .seconds(5)), "printed nothing for too long"),
        (
            .cancelled, .cancelled(reason: "cancelled by an operator"),
            "cancelled by an operator"
        ),
        (.shutdown, .released, "the worker stopped"), (.leaseLost, .released, "the lease was lost"),
    ]

    @Test(arguments: stops)
    func `why it was stopped counts more than how it ended`(
        reason: StopReason,
        expected: Outcome,
        error: String
    ) {
        let exits: [ChildProcess.Exit] = [.code(1), .code(64), .signal(15), .signal(9)]
        for exit in exits {
            let found = outcome(exit, stopped: reason, result: .dead(message: "x"))
            #expect(found.outcome == expected)
            #expect(found.error == error)
        }
    }

    static let results: [(HandlerResult, Outcome, String?)] = [
        (.done, .done, nil), (.dead(message: "gone"), .dead(reason: "gone"), "gone"),
        (.dead(message: nil), .dead(reason: "the handler said so"), "the handler said so"),
        (.snooze(for: .seconds(9), message: nil), .snooze(for: .seconds(9)), "snoozed"),
        (.snooze(for: .seconds(9), message: "later"), .snooze(for: .seconds(9)), "later"),
        (
            .retry(after: nil, message: nil), .retry(after: .seconds(5)),
            "the handler asked for a retry"
        ),
        (.retry(after: .seconds(99), message: "m"), .retry(after: .seconds(99)), "m"),
        (.retry(after: .seconds(1), message: "m"), .retry(after: .seconds(5)), "m"),
        (
            .invalid("it is odd"), .retry(after: .seconds(5)),
            "SAMOVAR_RESULT was not understood: it is odd"
        ),
    ]

    @Test(arguments: results)
    func `what the handler wrote counts more than its exit code`(
        result: HandlerResult,
        expected: Outcome,
        error: String?
    ) {
        for exit: ChildProcess.Exit in [.code(0), .code(1), .code(64), .signal(9)] {
            let found = outcome(exit, result: result)
            #expect(found.outcome == expected)
            #expect(found.error == error)
        }
    }

    @Test
    func `a retry that the handler asks for counts as a failure`() {
        let found = outcome(.code(0), result: .retry(after: nil, message: "m"), failures: 2)
        #expect(found.outcome == .dead(reason: "retries exhausted: m"))
    }
}

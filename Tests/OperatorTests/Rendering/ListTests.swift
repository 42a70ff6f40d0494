import QueueCore
import Testing

@testable import Operator

/// What lists say besides their rows, and what they leave out.
@Suite
struct ListTests {
    @Test(arguments: [(20, 20, true), (20, 19, false), (1, 1, true), (nil, 20, false)])
    func `a list that may have been cut short says so`(limit: Int?, shown: Int, isSaid: Bool) {
        let note = limit.map { "the newest \($0); --limit shows more" }
        #expect(JSONOption.limitNote(limit, shown: shown) == (isSaid ? note : nil))
    }

    @Test(
        arguments: [
            ("exit code 64", "exit code 64", false),
            ("retries exhausted: HTTP 503", "HTTP 503", false),
            ("quarantined: 3 workers died while it ran", "the worker died", true),
            ("exit code 64", "", true),
        ]
    )
    func `an error that the reason repeats is left out`(
        reason: String,
        error: String,
        isKept: Bool
    ) {
        let record = Record([("reason", .text(reason)), ("last_error", .text(error))])
        let kept = DeadListCommand.withoutEchoes([record])
        let rest = Record([("reason", .text(reason)), ("last_error", .null)])
        #expect(kept == [isKept ? record : rest])
    }
}

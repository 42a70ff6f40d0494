import TestSupport
import Testing

@testable import QueueCore

@Suite
struct ConsequenceTests {
    private static let now = TestClock().now
    private static let week = Limits.snoozeLongest

    struct Row: Sendable, CustomTestStringConvertible {
        var outcome: Outcome
        var snoozed: Duration?
        var cancel = false
        var expected: SQLiteStore.Consequence

        var testDescription: String {
            "\(outcome), snoozed for \(snoozed.map(String.init(describing:)) ?? "-")"
                + (cancel ? ", to be cancelled" : "")
        }
    }

    private static func ended(
        _ state: JobState,
        _ reason: String?,
        failed: Bool = false
    ) -> SQLiteStore.Consequence {
        .end(state, reason: reason, recorded: state.rawValue, failed: failed)
    }

    private static func again(
        _ recorded: String,
        in delay: Duration,
        failed: Bool = false,
        since: Timestamp? = nil
    ) -> SQLiteStore.Consequence {
        .again(at: now + delay, recorded: recorded, failed: failed, snoozedSince: since)
    }

    private static let cancelled = ended(.cancelled, "cancelled by an operator")
    private static let minute = Duration.seconds(60)

    static let rows: [Row] = [
        Row(outcome: .done, expected: ended(.done, nil)),
        Row(outcome: .done, cancel: true, expected: ended(.done, nil)),
        Row(outcome: .dead(reason: "r"), expected: ended(.dead, "r", failed: true)),
        Row(outcome: .dead(reason: "r"), cancel: true, expected: ended(.dead, "r", failed: true)),
        Row(outcome: .cancelled(reason: "r"), expected: ended(.cancelled, "r")),
        Row(outcome: .cancelled(reason: "r"), cancel: true, expected: ended(.cancelled, "r")),
        Row(outcome: .retry(after: minute), expected: again("retry", in: minute, failed: true)),
        Row(
            outcome: .retry(after: minute),
            snoozed: minute,
            expected: again("retry", in: minute, failed: true)
        ),
        Row(
            outcome: .retry(after: minute, keepsWaiting: true),
            snoozed: week,
            expected: again("retry", in: minute, failed: true, since: now + .zero - week)
        ),
        Row(outcome: .retry(after: minute), cancel: true, expected: cancelled),
        Row(outcome: .released, expected: again("released", in: .zero)),
        Row(
            outcome: .released,
            snoozed: minute,
            expected: again("released", in: .zero, since: now + .zero - minute)
        ),
        Row(outcome: .released, cancel: true, expected: cancelled),
        Row(outcome: .snooze(for: minute), expected: again("snooze", in: minute, since: now)),
        Row(
            outcome: .snooze(for: minute),
            snoozed: week,
            expected: again("snooze", in: minute, since: now + .zero - week)
        ),
        Row(
            outcome: .snooze(for: minute),
            snoozed: week + .microseconds(1),
            expected: ended(.dead, "snoozed for more than 7 days")
        ),
        Row(
            outcome: .snooze(for: minute),
            snoozed: week + .seconds(1),
            cancel: true,
            expected: cancelled
        ),
    ]

    @Test(arguments: rows)
    func `an outcome has one consequence`(row: Row) {
        let consequence = SQLiteStore.consequence(
            of: row.outcome,
            endedAt: Self.now,
            snoozedSince: row.snoozed.map { Self.now - $0 },
            cancelRequested: row.cancel
        )
        #expect(consequence == row.expected)
    }
}

extension Timestamp {
    fileprivate static func - (left: Self, right: Duration) -> Self {
        Timestamp(rawValue: left.rawValue - right.microseconds)
    }
}

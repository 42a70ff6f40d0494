import QueueCore
import Testing

@Suite
struct ConservationTests {
    private static let sound = Conservation(
        deliveries: Conservation.Ledger(
            given: 1_000_012,
            present: 9,
            pruned: 3,
            skipped: 1_000_000
        ),
        jobs: Conservation.Ledger(given: 4, present: 4, pruned: 0, skipped: 0),
        verdicts: ["routed": 6, "ignored": 2, "waiting": 1],
        states: ["done": 3, "dead": 1]
    )

    @Test
    func `what is there, pruned and skipped is all that was numbered`() {
        #expect(Self.sound.diagnoses.allSatisfy { $0.level == .ok })
        #expect(
            Self.sound.diagnoses.map(\.text) == [
                "1000012 deliveries numbered = 9 there + 3 pruned + 1000000 numbers skipped",
                "9 deliveries = 6 routed + 2 ignored + 1 waiting",
                "4 jobs numbered = 4 there",
                "4 jobs = 3 done + 1 dead",
            ]
        )
    }

    @Test
    func `every row too few or too many is a failure`() {
        var counts = Self.sound
        counts.deliveries.present -= 1
        counts.jobs.pruned += 2
        #expect(counts.deliveries.missing == 1)
        #expect(counts.jobs.missing == -2)
        let failures = counts.diagnoses.filter { $0.level == .failure }.map(\.check)
        #expect(
            failures == [
                "deliveries_are_all_there", "accepted_is_decided_or_waits", "jobs_are_all_there",
            ]
        )
    }
}

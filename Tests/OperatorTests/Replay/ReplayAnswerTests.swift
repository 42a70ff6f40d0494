import Program
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct ReplayAnswerTests {
    /// Batches of the sizes that the store answers with, of 100 deliveries each.
    private func answer(
        _ count: Int,
        _ made: [Result<Int, StoreError>],
        pace: String? = nil
    ) async -> ReplayAnswer {
        let seqs = (1...count).map { DeliverySeq(rawValue: Int64($0)) }
        let start = Pace(start: Timestamp(rawValue: 0), spacing: .seconds(1))
        var starts: [Timestamp] = []
        var rest = made[...]
        let requests = await ReplayRequests(seqs, pace: start, batch: 100) {
            _,
            pace throws(StoreError) in
            starts.append(pace.start)
            let id = Int64(made.count - rest.count)
            return ReplayBatch(id: 12 + 100 * id, count: try rest.removeFirst().get())
        }
        var due = 0
        for (start, made) in zip(starts, made) {
            #expect(start == Timestamp(rawValue: Int64(due) * 1_000_000))
            due += (try? made.get()) ?? 0
        }
        return ReplayAnswer(
            seqs: seqs,
            requests: requests,
            lastAt: Timestamp(rawValue: 0),
            paceNote: pace
        )
    }

    @Test
    func `one delivery is told with the way to its jobs and the way back`() async {
        #expect(
            await answer(1, [.success(1)]).text == """
                delivery 1 will be routed again; `samovar deliveries show 1` shows its jobs
                undo while they wait: samovar replay cancel 12

                """
        )
    }

    @Test
    func `many deliveries are told with all their batches`() async {
        let answer = await answer(101, [.success(100), .success(1)], pace: "the last is due then")
        #expect(
            answer.text == """
                101 deliveries will be routed again (batches 12 112)
                the last is due then
                undo while they wait: samovar replay cancel 12 112

                """
        )
        #expect(answer.notes.isEmpty)
        let members = JSONValue.object(answer.members).compact
        #expect(
            members.hasPrefix(
                #"{"deliveries":101,"batches":[{"batch":12,"deliveries":100},{"batch":112,"#
                    + #""deliveries":1}],"left_out":0,"#
            )
        )
    }

    @Test
    func `what was pruned meanwhile is left out and counted, be it a whole batch`() async {
        let refused = StoreError.refused(reason: "its body is pruned")
        let answer = await answer(205, [.success(98), .failure(refused), .success(5)])
        #expect(answer.requests.failure == nil)
        #expect(answer.text.hasPrefix("103 deliveries will be routed again (batches 12 212)\n"))
        #expect(answer.notes == ["102 deliveries were pruned meanwhile, and left out"])
        let none = await self.answer(2, [.failure(refused)])
        #expect(none.requests.failure == refused)
        #expect(none.requests.count == 0)
    }

    @Test
    func `batches that were made are told although a later one failed`() async {
        let full = StoreError.full(path: "queue.db")
        let answer = await answer(205, [.success(99), .failure(full), .success(5)])
        #expect(answer.requests.failure == full)
        #expect(answer.text.hasPrefix("99 deliveries will be routed again (batch 12)\n"))
        #expect(
            answer.notes == [
                "1 delivery was pruned meanwhile, and left out",
                "the last 105 deliveries are not in these batches:",
            ]
        )
    }

    @Test(arguments: [
        (0, 0, 0, "batch 12: nothing was left to cancel\n"),
        (3, 0, 0, "batch 12: 3 deliveries will not be routed again\n"),
        (
            1, 2, 1,
            "batch 12: 1 delivery will not be routed again, 2 jobs cancelled, "
                + "1 job runs and is being stopped\n"
        ),
    ])
    func `a cancellation says what was taken back`(
        requests: Int,
        jobs: Int,
        stopping: Int,
        text: String
    ) {
        let cancellation = ReplayCancellation(requests: requests, jobs: jobs, stopping: stopping)
        #expect(ReplayCancelCommand.text(12, cancellation) == text)
    }

    @Test
    func `a batch that is not there is named`() {
        let nothing = ReplayCancelCommand.failure([7], isNothing: true)
        #expect(nothing.message == "there is no batch of replays 7; nothing was changed")
        let some = ReplayCancelCommand.failure([7, 9], isNothing: false)
        #expect(some.message == "there is no batch of replays 7, 9")
        #expect(some.status == .notFound)
    }
}

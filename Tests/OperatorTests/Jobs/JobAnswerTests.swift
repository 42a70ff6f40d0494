import QueueCore
import Testing

@testable import Operator

@Suite
struct JobAnswerTests {
    private func answer(_ wish: JobWish, _ answers: [(Int64, JobChange)]) -> JobAnswer {
        let answers = answers.map { (job: JobID(rawValue: $0), change: $1) }
        return JobAnswer(wish: wish, changes: JobChanges(answers: answers))
    }

    @Test
    func `requeued jobs are listed, with the way back`() {
        let answer = answer(.requeue, [(5, .changed), (6, .changed), (7, .refused(.done))])
        #expect(
            answer.text(paceNote: "the last one is due 10:00:06 (in 6.0 s)") == """
                requeued 2 jobs: 5, 6
                the last one is due 10:00:06 (in 6.0 s)
                undo while they wait: samovar jobs cancel 5 6

                """
        )
        #expect(answer.notes(isFilter: false) == ["job 7 is done, not dead"])
        #expect(
            answer.json.map(\.compact) == [
                #"{"id":5,"change":"requeued"}"#, #"{"id":6,"change":"requeued"}"#,
            ]
        )
    }

    @Test
    func `discarded jobs are listed with the way back, and are named as such elsewhere`() {
        let answer = answer(.discard, [(5, .changed), (6, .discarded), (7, .refused(.done))])
        #expect(
            answer.text(paceNote: nil) == """
                discarded 1 job: 5
                undo until they are pruned: samovar dead undiscard 5

                """
        )
        #expect(
            answer.notes(isFilter: false) == [
                "job 6 is discarded: `samovar dead undiscard 6` puts it back on the list",
                "job 7 is done, not dead",
            ]
        )
        #expect(answer.json.map(\.compact) == [#"{"id":5,"change":"discarded"}"#])
        let back = self.answer(.undiscard, [(5, .changed), (6, .refused(.cancelled))])
        #expect(back.text(paceNote: nil) == "dead again: 1 job: 5\n")
        #expect(back.notes(isFilter: false) == ["job 6 is cancelled, not discarded"])
    }

    @Test
    func `what can be done with a job is known by its row`() {
        func row(_ state: JobState, diedAt: Record.Value = .null) -> Record {
            Record([("state", .text(state.rawValue)), ("died_at", diedAt)])
        }
        let discarded = row(.cancelled, diedAt: .time(Timestamp(rawValue: 1)))
        for wish in [JobWish.requeue, .discard] {
            #expect(wish.forecast(row(.dead)) == .changed)
            #expect(wish.forecast(discarded) == .discarded)
            #expect(wish.forecast(row(.cancelled)) == .refused(.cancelled))
        }
        #expect(JobWish.undiscard.forecast(discarded) == .changed)
        #expect(JobWish.undiscard.forecast(row(.cancelled)) == .refused(.cancelled))
        #expect(JobWish.undiscard.forecast(row(.dead)) == .refused(.dead))
        #expect(JobWish.cancel.forecast(discarded) == .refused(.cancelled))
    }

    @Test
    func `many jobs are counted, the first ones named`() {
        let text = answer(.requeue, (1...25).map { ($0, .changed) }).text(paceNote: nil)
        #expect(text.hasPrefix("requeued 25 jobs: 1, 2, "))
        #expect(text.contains(", 20 and 5 more\n"))
        #expect(text.contains("samovar jobs cancel JOB…"))
    }

    @Test
    func `a job that runs is being stopped, which is no refusal`() {
        let answer = answer(.cancel, [(5, .changed), (6, .willStop)])
        #expect(answer.text(paceNote: nil).hasPrefix("cancelled 1 job: 5\n1 job runs and is being"))
        #expect(answer.notes(isFilter: false).isEmpty)
        #expect(
            answer.json.map(\.compact) == [
                #"{"id":5,"change":"cancelled"}"#, #"{"id":6,"change":"stopping"}"#,
            ]
        )
    }

    @Test
    func `what was refused is one note for each named job, one number for a filter`() {
        let answer = answer(
            .requeue,
            [(1, .bodyPruned), (2, .bodyPruned), (3, .unknown), (4, .refused(.ready))]
        )
        #expect(answer.text(paceNote: nil).isEmpty)
        #expect(answer.notes(isFilter: false).count == 4)
        #expect(answer.notes(isFilter: false)[2] == "there is no job 3")
        let notes = answer.notes(isFilter: true)
        #expect(notes.count == 2)
        #expect(notes.first?.hasPrefix("2 jobs stay dead: the bodies") == true)
        #expect(notes.last == "2 jobs changed meanwhile, and stayed as they were")
    }

    @Test
    func `a refusal names the states that would do`() {
        let job = JobID(rawValue: 5)
        #expect(
            JobWish.cancel.refusal(job, .refused(.done)) == "job 5 is done, not ready or leased"
        )
        #expect(JobWish.retryNow.refusal(job, .refused(.dead)) == "job 5 is dead, not ready")
        #expect(JobWish.cancel.refusal(job, .willStop) == nil)
    }

    // MARK: Lineage

    private func job(_ id: Int64, of origin: Int64?) -> Record {
        Record([
            ("id", .integer(id)), ("replay_of", origin.map { .integer($0) } ?? .null),
        ])
    }

    @Test
    func `a job knows what it replays, and all that replay it`() {
        let records = [job(9, of: 5), job(7, of: nil), job(5, of: 3), job(3, of: nil)]
        let first = JobLineage(of: JobID(rawValue: 3), among: records)
        #expect(first.replays.map(\.rawValue) == [5, 9])
        #expect(first.fields.map(\.value.text) == ["job 5, job 9"])
        let last = JobLineage(of: JobID(rawValue: 9), among: records)
        #expect(last.replayOf.map(\.rawValue) == [5, 3])
        #expect(last.fields.map(\.value.text) == ["job 5, which replays job 3"])
        #expect(JobLineage(of: JobID(rawValue: 7), among: records).fields.isEmpty)
    }

    @Test
    func `rows that name each other make no endless chain`() {
        let records = [job(2, of: 1), job(1, of: 2)]
        #expect(JobLineage(of: JobID(rawValue: 2), among: records).replayOf.map(\.rawValue) == [1])
    }
}

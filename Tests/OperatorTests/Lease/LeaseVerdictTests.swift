import QueueCore
import Testing

@testable import Operator

@Suite
struct LeaseVerdictTests {
    private func verdict(_ check: LeaseCheck, expected: String? = nil) -> LeaseVerdict {
        LeaseVerdict(
            token: AttemptToken(job: JobID(rawValue: 5), attempt: 2),
            uuid: "mine",
            expectedUUID: expected,
            check: check
        )
    }

    @Test
    func `an attempt that holds its lease counts`() {
        let held = verdict(.held(leaseLeft: .seconds(20)), expected: "mine")
        #expect(held.isHeld)
        #expect(held.text == "attempt 5.2 counts, its lease has 20 s")
        let elsewhere = verdict(.held(leaseLeft: nil))
        #expect(elsewhere.isHeld)
        #expect(elsewhere.text == "attempt 5.2 counts, its worker lives")
    }

    @Test(arguments: [
        (LeaseLoss.noSuchJob, "there is no such attempt"),
        (.ended(.dead), "it has ended, its job is dead"),
        (.superseded(by: 3), "attempt 3 has begun"),
        (.ranOut, "its lease ran out, and a worker will take the job over"),
        (.takenOver, "another worker has taken its job over"),
        (.earlierBoot, "the machine was started again since"),
    ])
    func `an attempt that lost its lease says why in one line`(loss: LeaseLoss, reason: String) {
        let lost = verdict(.lost(loss))
        #expect(!lost.isHeld)
        #expect(lost.text == "attempt 5.2 does not count: \(reason)")
    }

    @Test
    func `a token of another store never counts`() {
        let other = verdict(.held(leaseLeft: .seconds(20)), expected: "theirs")
        #expect(!other.isHeld)
        #expect(other.text.contains("store theirs (SAMOVAR_STORE), and this is store mine"))
    }
}

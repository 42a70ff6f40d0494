import Program
import QueueCore
import Testing

@testable import Operator

@Suite
struct DeliveryArgumentTests {
    private func argument(_ text: String) throws -> DeliveryArgument {
        try #require(DeliveryArgument(argument: text))
    }

    @Test
    func `a delivery that is found is its seq`() throws {
        let seq = DeliverySeq(rawValue: 17)
        #expect(try argument("17").found(.found(seq)) == seq)
    }

    @Test
    func `an unknown delivery is code 2 with a hint`() throws {
        let failure = #expect(throws: Failure.self) { try argument("d12cb7f3").found(.none) }
        #expect(failure?.status == .notFound)
        #expect(failure?.message == "no delivery is named 'd12cb7f3'")
        #expect(failure?.hint?.contains("samovar deliveries list") == true)
    }

    @Test
    func `a beginning of several ids is code 2 and asks for more of it`() throws {
        let failure = #expect(throws: Failure.self) { try argument("d12cb7f3").found(.ambiguous) }
        #expect(failure?.status == .notFound)
        #expect(failure?.message == "'d12cb7f3' names several deliveries, give more of it")
    }

    @Test
    func `nothing names no delivery`() {
        #expect(DeliveryArgument(argument: "") == nil)
    }

    @Test(arguments: ["0", "-1", "x", "1.1", ""])
    func `a job's id is a number from 1`(text: String) {
        #expect(JobArgument(argument: text) == nil)
    }
}

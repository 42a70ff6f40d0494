import ArgumentParser
import QueueCore
import Testing

@testable import Operator

@Suite
struct StateArgumentTests {
    @Test(arguments: [
        ("running", "leased"), ("waiting", "ready"), ("Failed", "dead"), ("finished", "done"),
        ("leasd", "leased"),
    ])
    func `a word for a state points to the state`(word: String, state: String) {
        let error = #expect(throws: ValidationError.self) { try StateArgument.parse(word) }
        #expect(error?.message == "'\(word)' is not a state: say \(state)")
    }

    @Test(arguments: JobState.allCases)
    func `every state is one`(state: JobState) throws {
        #expect(try StateArgument.parse(state.rawValue) == StateArgument(state: state))
    }

    @Test
    func `discarded jobs are cancelled ones that were dead`() throws {
        let words = ["jobs", "list", "--state", "discarded"]
        let command = try #require(OperatorCommand.parseAsRoot(words) as? JobsListCommand)
        let selection = command.filter.selection(now: Timestamp(rawValue: 0))
        #expect(selection == Selection(state: .cancelled, onlyDiscarded: true))
        let error = #expect(throws: ValidationError.self) { try StateArgument.parse("discard") }
        #expect(error?.message == "'discard' is not a state: say discarded")
    }

    @Test
    func `any other word gets all of them`() {
        let error = #expect(throws: ValidationError.self) { try StateArgument.parse("xyzzy") }
        #expect(error?.message.hasPrefix("say one of ready, leased, ") == true)
    }

    @Test
    func `a list of jobs takes the filter of cancelling`() throws {
        let words = [
            "jobs", "list", "--repo", "tea/pot", "--since", "2h", "--reason", "exit", "--route",
            "ci", "--event", "push", "--state", "dead", "--handler", "h", "--delivery", "17",
        ]
        let command = try #require(OperatorCommand.parseAsRoot(words) as? JobsListCommand)
        #expect(command.filter.repo == "tea/pot")
        #expect(command.filter.state?.state == .dead)
        #expect(command.filter.reason == "exit")
        #expect(command.delivery?.text == "17")
    }
}

import QueueCore
import Testing

@testable import Operator

@Suite
struct DeliveriesShowTests {
    private func text(decision: String) -> String {
        let record = Record([
            ("seq", .integer(17)), ("verdict", .text("ignored")), ("decision", .json(decision)),
        ])
        return DeliveriesShowCommand.text(record, [], .now, .none)
    }

    @Test
    func `a decision is shown as explain shows it`() {
        let decision = #"""
            {"event_type":"push","routes":[{"route":"ci","matched":false,
            "because":"branch is dev, not main"}],"gates":[],"jobs":[]}
            """#
        let text = text(decision: decision)
        #expect(text.contains("\nroutes\nroute  says  because\n"), "\(text)")
        #expect(text.contains("ci     no    branch is dev, not main\n"), "\(text)")
        #expect(!text.contains("\"matched\""))
    }

    @Test
    func `what was written there by hand is shown as it is`() {
        #expect(text(decision: "[1]").contains("decision\n  [\n    1\n  ]\n"))
    }
}

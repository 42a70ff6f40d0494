import QueueCore
import TestSupport
import Testing

@testable import Operator

/// What lists say of the deliveries behind their rows.
@Suite
struct DeliverySubjectTests {
    @Test
    func `rows get repository, sender and title of their deliveries, in their order`() async throws
    {
        let body = """
            {"action":"opened","issue":{"title":"Boil \\u001b[2J"},
            "repository":{"id":17,"full_name":"tea/pot"},"sender":{"login":"alice"}}
            """
        try await withStore { store, _ in
            _ = try await store.accept {
                [.sample(id: "a", body: body, eventType: "issues"), .push(1, id: "b")]
            }
            let rows = [2, 1, 1].map { Record([("delivery", .integer($0))]) }
            let shown = try await DeliverySubjects.add(to: rows, column: "delivery", from: store)
            #expect(shown.map { $0["branch"] } == [.text("main"), .null, .null])
            #expect(shown.map { $0["sender"] } == [.null, .text("alice"), .text("alice")])
            #expect(shown[1]["repository"] == .text("tea/pot"))
            // A cell shows what a terminal would obey.
            #expect(shown[1].text("title") == #"Boil \u{1b}[2J"#)
        }
    }

    @Test
    func `a row without a delivery stays as it is`() async throws {
        try await withStore { store, _ in
            let row = Record([("delivery", .null)])
            let rows = try await DeliverySubjects.add(to: [row], column: "delivery", from: store)
            #expect(rows == [row])
        }
    }
}

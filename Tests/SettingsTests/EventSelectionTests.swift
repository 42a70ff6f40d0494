import Testing

@testable import Settings

@Suite
struct EventSelectionTests {
    @Test(arguments: EventTypes.all)
    func `each type that Gitea sends is known`(type: String) throws {
        #expect(try route("on: \(type)")?.events == .types([type]))
    }

    @Test
    func `everything has to be asked for`() throws {
        #expect(try route("on: \"*\"")?.events == .any)
        #expect(try route("on: [\"*\"]")?.events == .any)
    }

    @Test(arguments: [
        ("issue", "has an unknown event type 'issue'; did you mean 'issues'?"),
        (
            "'pull_*'",
            "has an unknown event type 'pull_*'; the types are "
                + "\(EventTypes.all.joined(separator: ", ")), or \"*\" for all"
        ),
        (
            "pull_request_approved",
            "must name the event's type: 'pull_request_review_approved', not "
                + "'pull_request_approved'"
        ),
        ("[]", "must be an event type, a list of them, or \"*\", not an empty list"),
        ("{ a: b }", "must be an event type, a list of them, or \"*\", not a mapping"),
        ("[push, \"*\"]", "must not mix \"*\" with event types"),
    ])
    func `what is no type is an error`(on: String, message: String) throws {
        #expect(try mistakes(route: "on: \(on)") == ["4:29: routes[0].on \(message)"])
    }

    @Test
    func `each wrong type of a list is reported`() throws {
        #expect(
            try mistakes(route: "on: [pusch, push, [x]]") == [
                "4:30: routes[0].on[0] has an unknown event type 'pusch'; did you mean 'push'?",
                "4:43: routes[0].on[2] must be an event type, a list of them, or \"*\", "
                    + "not a list",
            ]
        )
    }
}

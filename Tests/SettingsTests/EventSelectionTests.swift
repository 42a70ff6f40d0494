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
    func `a type that is newer than this version can be named`() throws {
        #expect(try route("on: { newer: issue_lock }")?.events == .types(["issue_lock"]))
        #expect(
            try route("on: [push, { newer: [pushes, x.y] }]")?.events
                == .types(["push", "pushes", "x.y"])
        )
        #expect(try warnings(route: "on: [push, { newer: [pushes, x.y] }]") == [])
        #expect(try route("on: [push, issue_locked]")?.events == .types(["push", "issue_locked"]))
        let warning = try #require(try warnings(route: "on: [push, issue_locked]").first)
        #expect(
            warning.hasPrefix(
                "routes[0].on[1]: this version does not know the event type 'issue_locked'; if a newer "
                    + "Gitea sends it, write { newer: issue_locked }, else look at the types: create, "
            )
        )
    }

    @Test(arguments: [
        "when: { repository: a/b, sender: 1, action: opened, time: { days: mon } }",
        "when: { not: { repository: a/b } }", "lane: repository",
    ])
    func `of a newer type can be asked what all events have`(line: String) throws {
        #expect(try mistakes(route: "on: { newer: issue_lock }, \(line)") == [])
        #expect(try warnings(route: "on: { newer: issue_lock }, \(line)") == [])
    }

    @Test
    func `of a newer type nothing else is known`() throws {
        let found = try mistakes(route: "on: { newer: issue_lock }, when: { title: a }")
        #expect(found.count == 1)
        #expect(found.first?.contains("'a' never holds for issue_lock; it can for issues") == true)
        #expect(try warnings(route: "on: { newer: issue_lock }, lane: issue").count == 1)
    }

    @Test(arguments: [
        (
            "{ newer: push }",
            ".newer is for types that this version does not know: write 'on: push'"
        ),
        (
            "{ newer: 'a b' }",
            ".newer must be an event type that this version does not know, not 'a b'"
        ),
    ])
    func `what is no newer type is an error`(on: String, message: String) throws {
        #expect(try mistakes(route: "on: \(on)") == ["4:38: routes[0].on\(message)"])
    }

    @Test(arguments: ["pushes", "[pushes, issues]", "[issues, pushes]"])
    func `a mistyped type is one mistake, whatever the conditions ask`(on: String) throws {
        let found = try mistakes(
            route: "on: \(on), when: { branch: main, paths: 'docs/**' }, lane: ref"
        )
        #expect(found.count == 1, "\(found)")
        #expect(
            found.first?.hasSuffix("has an unknown event type 'pushes'; did you mean 'push'?")
                == true
        )
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

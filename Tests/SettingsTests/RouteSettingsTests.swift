import Testing

@testable import Settings

@Suite
struct RouteSettingsTests {
    @Test(arguments: [
        (
            "on: push, lane: issue",
            "routes[0].lane: push has no issue or pull request: such jobs get no lane, and run side "
                + "by side; lanes that it has: ref, repository"
        ),
        (
            "on: [push, issues, release], lane: ref",
            "routes[0].lane: issues or release has no branch or tag: such jobs get no lane, and "
                + "run side by side; lanes that it has: repository"
        ),
        (
            "on: package, lane: repository",
            "routes[0].lane: package has no repository: such jobs get no lane, and run side by "
                + "side; lanes that it has: none"
        ),
        ("on: push, lane: ref", nil),
        ("on: [issues, pull_request_comment], lane: issue", nil),
        ("on: '*', lane: issue", nil),
    ])
    func `a lane that the events do not have is warned of`(line: String, warning: String?) throws {
        #expect(try warnings(route: line) == [warning].compactMap(\.self))
    }

    @Test(arguments: [
        ("status", true), ("[pull_request, workflow_run]", true), ("pull_request", false),
        ("'*'", false),
    ])
    func `trust of code that no event of the type tells is warned of`(
        on: String,
        isWarned: Bool
    ) throws {
        let found = try warnings(
            route: "on: \(on), when: { trust: { levels: owner, of: code } }"
        )
        let isFound = found.contains {
            $0.hasPrefix("routes[0].when.trust: ") && $0.contains("does not say whose code it is")
        }
        #expect(isFound == isWarned, "\(found)")
    }

    @Test(arguments: [
        ("{ on: push, run: ci }", "4:5: routes[0].name is missing"),
        ("{ name: r, run: ci }", "4:5: routes[0].on is missing"),
        ("{ name: r, on: push }", "4:5: routes[0].run is missing"),
        (
            "{ name: r/1, on: push, run: ci }",
            "4:13: 'r/1' is no name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        ),
        ("{ name: r, on: push, run: deploy }", "4:31: no handler is named 'deploy'"),
        ("{ name: r, on: push, run: CI }", "4:31: no handler is named 'CI'; did you mean 'ci'?"),
        (
            "{ name: r, on: push, run: [ci] }",
            "4:31: routes[0].run must be the name of a handler, not a list"
        ),
        (
            "{ name: r, on: push, run: ci, lane: issues }",
            "4:41: routes[0].lane must be one of issue, ref, repository, none, not 'issues'; "
                + "did you mean 'issue'?"
        ),
        (
            "{ name: r, on: issue_comment, run: ci, when: { command: /a }, with: { command: b } }",
            "4:75: routes[0].with.command is taken: there the command is handed on that 'when' "
                + "asks for; choose another name"
        ),
        (
            "{ name: r, on: push, run: ci, when: default }",
            "4:41: routes[0].when must be a mapping, not 'default'"
        ),
        (
            "{ name: r, on: push, run: ci, when: { acton: opened } }",
            "4:43: unknown key 'acton' in routes[0].when; did you mean 'action'?"
        ),
        (
            "{ name: r, on: issues, run: ci, when: { action: [] } }",
            "4:53: routes[0].when.action must be an action or a list of actions, not an empty list"
        ),
        (
            "{ name: r, on: issues, run: ci, when: { action: { not: x } } }",
            "4:53: routes[0].when.action takes no 'not'; write not: { action: x }"
        ),
        (
            "{ name: r, on: push, run: ci, with: [1] }",
            "4:41: routes[0].with must be a mapping, not a list"
        ),
        ("push", "4:5: routes[0] must be a mapping, not 'push'"),
    ])
    func `wrong values are reported`(route: String, message: String) throws {
        #expect(
            try mistakes(
                """
                \(ingressLine)
                handlers: { ci: { exec: [/bin/sh] } }
                routes:
                  - \(route)
                """
            ) == [message]
        )
    }

    @Test
    func `a handler with a mistake of its own is still a handler`() throws {
        #expect(
            try mistakes(
                """
                \(ingressLine)
                handlers: { ci: { exec: 1 } }
                routes: [{ name: r, on: push, run: ci }]
                """
            ) == [
                "2:25: handlers.ci.exec must be a list: the program, then its arguments, not '1'"
            ]
        )
    }

    @Test
    func `routes keep the order of the file and know their lines`() throws {
        let configuration = try load(
            """
            \(ingressLine)
            handlers: { ci: { exec: [/bin/sh] } }
            routes:
              - on: push
                name: z
                run: ci
              # a comment
              - { name: a, on: push, run: ci }
            """
        )
        #expect(configuration.routes.map(\.name) == ["z", "a"])
        #expect(configuration.routes.map(\.line) == [4, 8])
    }

    @Test(arguments: [
        ("issue", LaneKind.issue), ("ref", .ref), ("repository", .repository), ("none", nil),
    ])
    func `a lane is one of few`(text: String, lane: LaneKind?) throws {
        #expect(try route("on: push, lane: \(text)")?.lane == lane)
    }

    @Test(arguments: [("opened", ["opened"]), ("[opened, edited]", ["opened", "edited"])])
    func `an action is one or several`(text: String, actions: [String]) throws {
        #expect(try route("on: issues, when: { action: \(text) }")?.when == .action(actions))
    }

    @Test
    func `a route without conditions has none`() throws {
        #expect(
            try route("on: push")
                == RouteSettings(name: "r", line: 4, events: .types(["push"]), run: "ci")
        )
        #expect(try route("on: push, when: {}")?.when == .all([]))
    }
}

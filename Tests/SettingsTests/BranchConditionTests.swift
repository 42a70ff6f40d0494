import Testing

@testable import Settings

@Suite
struct BranchConditionTests {
    @Test(arguments: [
        ("default", BranchCondition.defaultBranch),
        ("main", .named("main")),
        ("feature/a-1", .named("feature/a-1")),
        ("1.10", .named("1.10")),
        ("no", .named("no")),
        ("[default, release]", .any([.defaultBranch, .named("release")])),
        ("{ not: default }", .not(.defaultBranch)),
        ("{ not: [default, a] }", .not(.any([.defaultBranch, .named("a")]))),
        ("{ not: { not: a } }", .not(.not(.named("a")))),
        ("[a, { not: b }]", .any([.named("a"), .not(.named("b"))])),
    ])
    func `conditions are read`(text: String, condition: BranchCondition) throws {
        #expect(try route("on: push, when: { branch: \(text) }")?.branch == condition)
    }

    private static let expected =
        "must be default, the name of a branch, a list of these, or {not: ...}"

    @Test(arguments: [
        ("'v*'", "4:51: routes[0].when.branch is 'v*': patterns are not supported in this version"),
        ("v?", "4:51: routes[0].when.branch is 'v?': patterns are not supported in this version"),
        (
            "{ not: ['[a]'] }",
            "4:59: routes[0].when.branch.not[0] is '[a]': patterns are not supported "
                + "in this version"
        ),
        (
            "refs/heads/main",
            "4:51: routes[0].when.branch must be a branch's name without refs/heads/, "
                + "not 'refs/heads/main'"
        ),
        ("[]", "4:51: routes[0].when.branch \(expected), not an empty list"),
        ("~", "4:51: routes[0].when.branch \(expected), not empty"),
        ("{}", "4:51: routes[0].when.branch.not is missing"),
        (
            "{ not: a, nott: b }",
            "4:61: unknown key 'nott' in routes[0].when.branch; did you mean 'not'?"
        ),
    ])
    func `what is no condition is an error`(text: String, message: String) throws {
        #expect(try mistakes(route: "on: push, when: { branch: \(text) }") == [message])
    }
}

import Foundation
import Gitea
import QueueCore
import Settings
import Testing

@testable import Routing

/// Commands in comments: what is said, and what is only shown.
@Suite
struct CommandTests {
    /// Comments that give the command `/approve`.
    static let given = [
        "/approve", "  /approve  ", "/approve\r\n", "\t\n/approve", "/approve\t",
        "Looks good, thanks!\n\n/approve", "Fine.\n/approve", "Fine.\r\n\r\n/approve\r\nThanks",
        "/label bug\n/approve", "3 tests fail, see https://example.com/a?b=c#d\n/approve",
        "It's \"done\" (mostly); R&D: 50% + 3!\n/approve", "@tea, snake_case and *bold*\n/approve",
        "caf\u{E9} \u{1FAD6} \u{1F469}\u{200D}\u{1F4BB}\n/approve",
        // What stands behind it hides nothing; at most it makes a heading of it.
        "/approve\n```\nx\n```", "/approve\n> why", "/approve\n- a", "/approve\n===",
        "/approve\n---", "/approve\n<!--\n-->", "/approve\n:-:", "/approve\n[a]: x",
        // Space that nobody sees.
        "\u{A0}/approve\u{A0}", "\u{200B}/approve\u{200B}", "\u{FEFF}/approve",
        "Fine.\n\u{A0}\n/approve \u{A0}\u{200B}\r\n", "\u{A0}Fine.\n/approve",
    ]

    @Test(arguments: given)
    func `a line of its own behind plain lines is a command`(comment: String) {
        #expect(CommentLines(comment).spoken.contains("/approve"))
    }

    /// Comments in which `/approve` is not said, or not the whole line.
    static let others = [
        "", "approve", "/Approve", "/approved", "/approve now", "do not /approve", "not\n/approve.",
        "~~/approve~~", "**/approve**", "`/approve`", "- /approve", "1. /approve", "# /approve",
        "> /approve", "| /approve |", "/ approve", "/\u{200B}approve", "\u{FF0F}approve",
        "<b>/approve</b>", "[/approve](x)", "/approve\u{2028}", "\u{202E}/approve", "/approve\\",
        // Code by its indent.
        "    /approve", "\t/approve", "  \t/approve", "\u{A0}    /approve", "\u{FEFF}    /approve",
    ]

    @Test(arguments: others)
    func `what is not said, or not alone on its line, is no command`(comment: String) {
        #expect(!CommentLines(comment).spoken.contains("/approve"))
    }

    /// What may stand in front of a command and hide it: for each, one renderer or another does.
    static let hiding = [
        // Blocks.
        "```", "  ```\n  x\n    ```", "   ~~~", "````\n```", "> a", ">", "- a", "+ a", "* a", "-",
        "1. a",
        "10) a", "- a\n\n", "    code", "\tcode", " a", "# a", "#a", "===", "---", "+++\nx\n+++",
        "***",
        "___", ": a", ":::", "a | b\n-|-", "|a|", "[^1]: a", "[a]: x \"", "\u{FEFF}- a",
        "\u{A0}> a",
        "\u{200B}```",
        // Front matter, which Gitea takes out first, whatever white space stands before it.
        "\u{2003} ---", "\u{3000}----", "\u{A0}x---",
        // HTML, which a sanitizer may drop with all that is in it.
        "<!--", "<!-->", "a <!-- b -->", "<?x", "<!X", "<![CDATA[", "<pre>", "<noscript>",
        "<iframe>",
        "<title>", "<div hidden>", "a <b", "see <a title=\"", "-->", "a > b",
        // Inside of lines.
        "`a", "a ` b", "a ~~b", "~", "a [b", "[a](", "![", "b](x)", "so $$a", "$5", "\\(", "a\\",
        "x {.a}",
        // Where some end a line and others do not, and what turns a line round.
        "a\rb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{B}b", "a\u{C}b", "a\u{0}b",
        "a\u{202E}b", "a\u{2066}b", "a\u{200F}b", "a\u{61C}b",
    ]

    @Test(arguments: hiding)
    func `behind what could hide it, a line is no command, however far away`(before: String) {
        for between in ["\n", "\n\n", "\nplain\n\n\n"] {
            let lines = CommentLines("Fine.\n\(before)\(between)/approve\n\(before)")
            #expect(!lines.spoken.contains("/approve"))
            #expect(lines.barrier != nil)
            #expect(lines.barred.contains { $0.text == "/approve" })
        }
    }

    @Test
    func `a comment that is too long says nothing`() {
        let long = "/approve\n" + String(repeating: "x", count: CommentLines.bytesMax)
        #expect(CommentLines(long).spoken.isEmpty && CommentLines(long).isTooLong)
        let fitting = "/approve\n" + String(repeating: "x", count: CommentLines.bytesMax - 9)
        #expect(CommentLines(fitting).spoken.first == "/approve")
    }

    @Test(arguments: ["`", "> ", "- ", "<pre>", "\u{A0}", " ", "\n", " \n", "\r", "\r\n", "a\n"])
    func `what people write to slow it down is read in the same time`(part: String) {
        let count = CommentLines.bytesMax / part.utf8.count
        let clock = ContinuousClock()
        let time = clock.measure {
            _ = CommentLines(String(repeating: part, count: count))
        }
        // Thousands of times what it takes; going over it again and again takes far longer.
        #expect(time < .seconds(30))
    }

    static let cases = ConditionCase.table(
        #"""
        issue_comment-created {"comment":{"body":"/approve"}} | command: /approve
        issue_comment-created {"comment":{"body":"yes\n/approve"}} | command: [/deny, /approve]
        issue_comment-created {"comment":{"body":"/deny"}} | command: /approve | no line is /approve
        issue_comment-created | command: comment 1
        issue_comment-created | command: [/approve, /ship] | no line is /approve or /ship
        issue_comment-created | command: /approve | no line is /approve
        issue_comment-created {"comment":{"body":"```\nx\n```\n/approve"}} | command: /approve | /approve stands behind line 1, which could hide it: put the command before the text that could hide it
        issue_comment-created {"comment":{"body":"Fine.\n\n    /approve"}} | command: /approve | /approve is indented like code: put it into the first column
        issue_comment-created {"comment":{"body":"/O\u212a"}} | command: /OK | no line is /OK
        issue_comment-created {"comment":{"body":"do not /approve"}} | not: { command: /approve }
        issue_comment-created {"comment":{"body":"/approve"}} | not: { command: /approve } | a line is /approve, and must not be
        issue_comment-created {"comment":{"body":null}} | not: { command: /approve } | the payload does not show the text, or whose it is
        pull_request_comment-created {"comment":{"body":"/approve"}} | command: /approve, is_pull: true
        issue_comment-edited {"comment":{"body":"/approve"}} | command: /approve | the comment is edited, and commands of edited ones need 'edited: true'
        issue_comment-edited {"comment":{"body":"/approve"}} | command: { name: /approve } | the comment is edited, and commands of edited ones need 'edited: true'
        issue_comment-edited {"comment":{"body":"/approve"}} | command: { name: /approve, edited: true }
        issue_comment-edited {"comment":{"body":"/approve","user":{"id":9}}} | command: { name: /approve, edited: true } | somebody else edited the comment
        issue_comment-edited {"comment":{"body":"/approve","user":{"id":"gone"}}} | command: { name: /approve, edited: true } | the payload does not show the text, or whose it is
        issue_comment-edited {"comment":{"body":"/approve"},"sender":null} | command: { name: /approve, edited: true } | the payload does not show the text, or whose it is
        issue_comment-deleted {"comment":{"body":"/approve"}} | command: { name: /approve, edited: true } | the comment is deleted, which gives no command
        issue_comment-deleted {"comment":{"body":"/approve"}} | not: { command: /approve }
        pull_request_comment-edited | command: { name: [pr comment edited], edited: true }
        pull_request_comment-deleted | command: pr comment edited | the comment is deleted, which gives no command
        issue_comment-created {"comment":{"body":"/deploy staging"}} | command: { name: /deploy, argument: [staging, "prod-*"] }
        issue_comment-created {"comment":{"body":"/deploy \t prod-1"}} | command: { name: /deploy, argument: [staging, "prod-*"] }
        issue_comment-created {"comment":{"body":"/deploy\u00a0a/b c"}} | command: { name: /deploy, argument: "**" }
        issue_comment-created {"comment":{"body":"/deploy"}} | command: { name: /deploy, argument: "*" }
        issue_comment-created {"comment":{"body":"/deploy"}} | command: { name: /deploy, argument: staging } | no line is /deploy followed by staging
        issue_comment-created {"comment":{"body":"/deploy live"}} | command: { name: /deploy, argument: [a, b] } | no line is /deploy followed by a or b
        issue_comment-created {"comment":{"body":"/deploy staging"}} | command: /deploy | no line is /deploy
        issue_comment-created {"comment":{"body":"/deployed x"}} | command: { name: /deploy, argument: "*" } | no line is /deploy followed by *
        issue_comment-created {"comment":{"body":"/deploy `x`"}} | command: { name: /deploy, argument: "*" } | no line is /deploy followed by *
        issue_comment-created {"comment":{"body":"> a\n/deploy x"}} | command: { name: /deploy, argument: "*" } | /deploy stands behind line 1, which could hide it: put the command before the text that could hide it
        issue_comment-created {"comment":{"body":"\u00a0/approve\u200b"}} | command: /approve
        issue_comment-created {"comment":{"body":"Go Ahead"}} | command: { name: [lgtm, go ahead], ignore_case: true }
        issue_comment-created {"comment":{"body":"/Deploy Staging"}} | command: { name: /deploy, argument: staging, ignore_case: true }
        issue_comment-created {"comment":{"body":"/Deploy Staging"}} | command: { name: /deploy, argument: staging } | no line is /deploy followed by staging
        issue_comment-created {"comment":{"body":"\u212a"}} | command: { name: k, ignore_case: true } | no line is k in any case
        pull_request_review_comment-reviewed {"review":{"content":"Looks right.\n\n/retest"}} | command: /retest
        pull_request_review_approved-reviewed {"review":{"content":"/merge"}} | command: [/retest, /merge]
        pull_request_review_rejected-reviewed {"review":{"content":"```\n/retest\n```"}} | command: /retest | /retest stands behind line 1, which could hide it: put the command before the text that could hide it
        pull_request_review_comment-reviewed | command: /retest | no line is /retest
        pull_request_review_comment-reviewed | not: { command: /retest }
        issues-opened {"issue":{"body":"The lid sticks.\n\n/kind bug"}} | command: { name: /kind, argument: bug }
        pull_request-opened {"pull_request":{"body":"/retest"}} | command: /retest
        issues-opened | command: /approve | no line is /approve
        issues-opened | not: { command: /approve }
        issues-opened {"issue":{"body":null}} | not: { command: /a } | the payload does not show the text, or whose it is
        issues-edited {"issue":{"body":"/a"}} | command: { name: /a, edited: true } | the issue or pull request is edited, which gives no command
        issues-reopened {"issue":{"body":"/a"}} | command: /a | the issue or pull request is reopened, which gives no command
        pull_request-edited {"pull_request":{"body":"/a"}} | command: /a | the issue or pull request is edited, which gives no command
        issue_label-label_updated {"issue":{"body":"/a"}} | command: /a | the event brings no text that gives commands
        push-branch | not: { command: /a } | the event brings no text that gives commands
        """#
    )

    @Test(arguments: cases)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }

    // MARK: What is handed on

    /// A comment as JSON has it, what the route hands on, and what its job does.
    static let handedOn = [
        ("/deploy staging", "{}", #"{"command":{"name":"/deploy","argument":"staging"}}"#),
        (
            #"Fine.\n\n/deploy  prod-1 \n/deploy staging"#, #"{"a":1}"#,
            #"{"command":{"name":"/deploy","argument":"prod-1"},"a":1}"#
        ),
        ("/retest", "{}", #"{"command":{"name":"/retest","argument":null}}"#),
        (
            #"/deploy \"a; b\" 'c' (d)"#, "{}",
            #"{"command":{"name":"/deploy","argument":"\"a; b\" 'c' (d)"}}"#
        ),
    ]

    @Test(arguments: handedOn)
    func `the first command that was given is handed on with its argument`(
        comment: String,
        with: String,
        expected: String
    ) throws {
        let anything = try #require(Glob(pattern: "**"))
        let command = CommandTest(["/deploy", "/retest"], arguments: [anything])
        var route = GateTests.route("r", .command(command))
        route.with = with
        let decision = GateTests.decide("issue_comment", Self.commented(comment), route)
        #expect(decision.jobs.map(\.with) == [expected])
    }

    @Test
    func `a command of conditions that fail is not handed on`() throws {
        let first = Condition.all([.command(CommandTest(["/a"])), .action(["deleted"])])
        let route = GateTests.route("r", .any([first, .command(CommandTest(["/b"]))]))
        let decision = GateTests.decide("issue_comment", Self.commented(#"/a\n/b"#), route)
        #expect(
            decision.jobs.map(\.with) == [#"{"command":{"name":"/b","argument":null}}"#]
        )
        let other = GateTests.route("r", .not(.command(CommandTest(["/c"]))))
        let untouched = GateTests.decide("issue_comment", Self.commented("/b"), other)
        #expect(untouched.jobs.map(\.with) == ["{}"])
    }

    private static func commented(_ body: String) -> String {
        #"{"action":"created","is_pull":false,"issue":{"number":1},"comment":{"body":"\#(body)"},"#
            + #""sender":{"id":1},"repository":{"id":17,"full_name":"o/r"}}"#
    }
}

import Foundation
import Gitea
import QueueCore
import Testing

@testable import Routing

/// Commands in comments: what is said, and what is only shown.
@Suite
struct CommandTests {
    /// A comment, and whether it gives the command `/approve`.
    static let comments: [(String, Bool)] = [
        ("/approve", true),
        ("  /approve  ", true),
        ("/approve\r\n", true),
        ("Fine.\n/approve", true),
        ("Fine.\n\n/approve\n\nThanks", true),
        ("Fine.\r\n\r\n/approve\r\nThanks", true),
        ("# Verdict\n/approve", true),
        ("- a point\n\n/approve", true),
        ("text `code` text\n/approve", true),
        ("```\nmake\n```\n/approve", true),
        ("~~~\n```\n~~~\n/approve", true),
        ("> quoted\n\n/approve", true),
        ("<!-- hidden -->\n/approve", true),
        ("`unfinished\n\n/approve\n\n`", true),
        ("\\`\n/approve\n\\`", true),
        ("<p>\n/approve\n</p>", true),
        // Not the whole line.
        ("", false),
        ("approve", false),
        ("/Approve", false),
        ("/approved", false),
        ("/approve now", false),
        ("do not /approve", false),
        ("Please don't\n/approve yet", false),
        ("no /approve", false),
        ("not\n/approve.", false),
        ("~~/approve~~", false),
        ("**/approve**", false),
        ("- /approve", false),
        ("1. /approve", false),
        ("# /approve", false),
        ("/ approve", false),
        ("/\u{200B}approve", false),
        ("\u{FF0F}approve", false),
        // Quotations; the last lines of one go on without the mark.
        ("> /approve", false),
        (">/approve", false),
        ("   > /approve", false),
        ("> > /approve", false),
        ("> quoted\n/approve", false),
        ("- > quoted\n/approve", false),
        ("> ```\n> x\n/approve", false),
        // Code.
        ("`/approve`", false),
        ("`a\n/approve\nb`", false),
        ("``a ` b\n/approve\nb``", false),
        ("\\` `\n/approve\n`", false),
        ("    /approve", false),
        ("\t/approve", false),
        ("  \t/approve", false),
        ("```\n/approve\n```", false),
        ("```sh\n/approve", false),
        ("   ```\n/approve\n   ```", false),
        ("````\n```\n/approve\n````", false),
        ("```\n/approve\n~~~", false),
        ("~~~ a `b`\n/approve\n~~~", false),
        ("```\nx\n``` y\n/approve\n```", false),
        ("```\nx\n    ```\n/approve\n```", false),
        ("- ```\n  /approve\n  ```", false),
        ("1. a\n   ```\n   /approve\n   ```", false),
        ("- ```\ntext\n```\n/approve\n```", false),
        ("> quoted\n```\n\n/approve\n```", false),
        // HTML that hides or shows code.
        ("<!--\n/approve\n-->", false),
        ("<!--\n\n/approve\n\n-->", false),
        ("text <!--\n/approve\n--> text", false),
        ("<pre>\n/approve\n</pre>", false),
        ("<PRE>\n\n/approve\n\n</PRE>", false),
        ("<code>\n/approve\n</code>", false),
        ("<blockquote>\n/approve\n</blockquote>", false),
        ("<!-- a -->\n<!-- b\n/approve\n-->", false),
        ("<!-- x --> <!--\n/approve\n-->", false),
        ("text <!-- x --> <!--\n\n/approve\n-->", false),
        ("<p><!--\n/approve\n--></p>", false),
        ("<div>\n<!--\n/approve\n--></div>", false),
        ("> <!--\n\n/approve\n-->", false),
        ("see <pre>\n/approve\n</pre>", false),
        ("see <pre>\n\n/approve\n\n</pre>", false),
        ("see\n    <pre>\n/approve\n</pre>", false),
        ("\\<pre>\n/approve\n</pre>", false),
        ("<pre>a</pre> <pre>\n/approve\n</pre>", false),
        ("<pre>a</pre><code>\n/approve\n</code>", false),
        ("<details><summary>log</summary><pre>\n/approve\n</pre></details>", false),
        ("<details>\n<pre>\n/approve\n</pre>\n</details>", false),
        ("<blockquote><blockquote>\na\n</blockquote>\n/approve\n</blockquote>", false),
        ("type <code>\n/approve\n</code>", false),
        ("<del>\n/approve\n</del>", false),
        ("`a\n<code>x</code>\n/approve\nb`", false),
        ("x `\na ` <pre> `\n/approve\n</pre>", false),
        ("<div>`<pre>`\n/approve\n</pre></div>", false),
        ("# <!-- a\n~~~\n-->\n/approve\n~~~", false),
        ("a <code>\n- b\n</code>\n/approve", false),
        ("see `<pre>`\n/approve", true),
        ("see <prefix>\n/approve", true),
        ("see <pre>x</pre>\n/approve", true),
        ("<pre>\nx\n</pre>\n/approve", true),
        ("<!-- a --> b <!-- c -->\n/approve", true),
        ("```\n<pre>\n```\n/approve", true),
        ("    <pre>\n\n/approve", true),
        // Lists: all that stands under their text.
        ("- say:\n  /approve", false),
        ("- say:\n\n  /approve", false),
        ("- a\n/approve", false),
        ("- a\n  - b\n\n  /approve", false),
        ("1. Run\n\n   /approve\n\n2. done", false),
        ("10) Run\n\n    /approve", false),
        ("- a\n\n\n  b\n  /approve", false),
        ("-\n  /approve", false),
        ("- a\n===\n/approve", false),
        ("-   a\n\n  /approve", false),
        ("-\ta\n\n\t/approve", false),
        ("- - ```\n  x\n  /approve", false),
        ("- ```\n  x\n  ```\n  /approve", false),
        ("- a\n\n  ```\n  x\n\n/approve\n  ```", true),
        ("- <!--\n/approve\n-->", false),
        ("- <pre>\n\n/approve\n</pre>", false),
        ("[^1]: a\n\n    /approve", false),
        ("`x\n2. b\n/approve\nc`", false),
        ("`x\n/approve\n2. b`", false),
        ("`x\n+\n/approve\nb`", false),
        ("- a\n  b\n\n/approve", true),
        ("- a\n\n  b\n\n/approve\n\n- c", true),
        ("1. a\n2. b\n\n/approve", true),
        ("- a\n# Verdict\n/approve", true),
        ("- ```\n  <pre>\n  ```\n\n/approve", true),
        ("* * *\n/approve", true),
        ("a\n-\n/approve", true),
        // What belongs to a link, a picture, a tag or a formula.
        ("![a](x \"\n/approve\n\")", false),
        ("[a](x 'b)\n/approve\n')", false),
        ("[a](x (\n/approve\n))", false),
        ("[a](<b)c> \"\n/approve\n\")", false),
        ("[a](\n/approve\n)", false),
        ("![\n/approve\n](x)", false),
        ("[a]: x \"\n/approve\n\"", false),
        ("[a]:\n/approve", false),
        ("see <a title=\"\n/approve\n\">x</a>", false),
        ("see <a title=\"b>c\n/approve\n\">x</a>", false),
        ("![a](x \"\n#b\n/approve\n\")", false),
        ("`a\n#b\n/approve\nc`", false),
        ("[a](x \"y\")\n/approve", true),
        ("[a](x (y))\n/approve", true),
        ("see <a href=\"x\">y</a>\n/approve", true),
        ("![a](x\n\n/approve", true),
        ("$$\n/approve\n$$", false),
        ("$$\n\n/approve\n\n$$", false),
        ("\\[\n/approve\n\\]", false),
        ("so $$a\n/approve\n$$", false),
        ("$$ a $$\n/approve", true),
        ("$5 and $6\n/approve", true),
    ]

    @Test(arguments: comments)
    func `a command is a line of its own that its author says`(comment: String, isGiven: Bool) {
        #expect(CommentLines.spoken(in: comment).contains("/approve") == isGiven)
    }

    @Test
    func `a comment that is too long says nothing`() {
        let long = "/approve\n" + String(repeating: "x", count: CommentLines.bytesMax)
        #expect(CommentLines.spoken(in: long).isEmpty)
        let fitting = "/approve\n" + String(repeating: "x", count: CommentLines.bytesMax - 9)
        #expect(CommentLines.spoken(in: fitting).first == "/approve")
    }

    @Test(arguments: [
        "`", "``` ", "<!--", "> ", "- ", "\\`", "`` ` ", "<pre>", "~~~\n", "- ```\n", "](", "<a ",
        "![", "$$", "-\n", "<pre></pre>", "- - \n", "[a]:\n", "a\n2. ",
    ])
    func `what people write to slow it down is read in the same time`(part: String) {
        let count = CommentLines.bytesMax / part.utf8.count
        let clock = ContinuousClock()
        let time = clock.measure {
            _ = CommentLines.spoken(in: String(repeating: part, count: count))
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
        issue_comment-created {"comment":{"body":"/O\u212a"}} | command: /OK | no line is /OK
        issue_comment-created {"comment":{"body":"do not /approve"}} | not: { command: /approve }
        issue_comment-created {"comment":{"body":"/approve"}} | not: { command: /approve } | a line is /approve, and must not be
        issue_comment-created {"comment":{"body":null}} | not: { command: /approve } | the event is no comment whose author is known
        pull_request_comment-created {"comment":{"body":"/approve"}} | command: /approve, is_pull: true
        issue_comment-edited {"comment":{"body":"/approve"}} | command: /approve | the comment is edited, and commands of edited ones need 'edited: true'
        issue_comment-edited {"comment":{"body":"/approve"}} | command: { words: /approve } | the comment is edited, and commands of edited ones need 'edited: true'
        issue_comment-edited {"comment":{"body":"/approve"}} | command: { words: /approve, edited: true }
        issue_comment-edited {"comment":{"body":"/approve","user":{"id":9}}} | command: { words: /approve, edited: true } | somebody else edited the comment
        issue_comment-edited {"comment":{"body":"/approve","user":{"id":"gone"}}} | command: { words: /approve, edited: true } | the event is no comment whose author is known
        issue_comment-edited {"comment":{"body":"/approve"},"sender":null} | command: { words: /approve, edited: true } | the event is no comment whose author is known
        issue_comment-deleted {"comment":{"body":"/approve"}} | command: { words: /approve, edited: true } | the comment is deleted, which gives no command
        issue_comment-deleted {"comment":{"body":"/approve"}} | not: { command: /approve }
        pull_request_comment-edited | command: { words: [pr comment edited], edited: true }
        pull_request_comment-deleted | command: pr comment edited | the comment is deleted, which gives no command
        pull_request_review_comment-reviewed | command: x | the event is no comment whose author is known
        issues-opened | command: /approve | the event is no comment whose author is known
        issues-opened | not: { command: /approve } | the event is no comment whose author is known
        """#
    )

    @Test(arguments: cases)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }
}

import Foundation
import Gitea
import Testing

/// What single kinds of events say, beyond what all have in common.
@Suite
struct EventVocabularyTests {
    // MARK: Issues and pull requests

    @Test
    func `an issue has a title, an author and labels`() throws {
        let opened = try #require(recorded("issues-opened").issue)
        #expect(try opened.title == "Issue ü 漢 😀 <script>")
        #expect(try opened.author.id == 1)
        #expect(try opened.author.login == "labadmin")
        #expect(try opened.state == "open")
        #expect(try opened.labels == [] && opened.milestone == nil)
        #expect(try opened.isMerged == nil && opened.isDraft == nil)
        #expect(try opened.updatedAt == Date(timeIntervalSince1970: 1_795_232_910))
        let labelled = try #require(recorded("issue_label-label_updated").issue)
        #expect(try labelled.labels == ["bug", "ui ✓"])
        let planned = try #require(recorded("issue_milestone-milestoned").issue)
        #expect(try planned.milestone == "m1")
    }

    @Test
    func `a pull request has what an issue has, and two branches`() throws {
        let event = try recorded("pull_request_label-label_updated")
        let issue = try #require(event.issue)
        #expect(event.isPull == true)
        #expect(try issue.title == "PR one edited")
        #expect(try issue.labels == ["bug"])
        #expect(try issue.isMerged == false)
        let pull = try #require(event.pullRequest)
        #expect(try pull.head.ref == "pr1" && pull.base.ref == "main")
        #expect(try pull.head.sha?.count == 40 && pull.base.sha?.count == 40)
        #expect(try pull.isFromFork == false)
    }

    @Test(arguments: [
        (#"{"head":{"repo_id":2},"base":{"repo_id":1}}"#, true),
        (#"{"head":{"repo_id":1},"base":{"repo_id":1}}"#, false),
        (#"{"head":{"repo":null},"base":{"repo_id":1}}"#, nil), (#"{"head":null}"#, nil),
    ])
    func `a pull request from another repository is from a fork`(
        pull: String,
        isFromFork: Bool?
    ) throws {
        let event = try decode("pull_request", #"{"action":"opened","pull_request":\#(pull)}"#)
        #expect(try event.pullRequest?.isFromFork == isFromFork)
    }

    @Test(arguments: [
        (#""2026-08-04T12:48:34-07:00""#, 1_785_872_914.0),
        (#""2026-08-04T19:48:34Z""#, 1_785_872_914.0), (#""0001-01-01T00:00:00Z""#, nil),
        ("null", nil),
    ])
    func `a time has its offset, and the zero time is none`(text: String, time: Double?) throws {
        let event = try decode("issues", #"{"issue":{"updated_at":\#(text)}}"#)
        #expect(try event.issue?.updatedAt?.timeIntervalSince1970 == time)
    }

    @Test
    func `only what is about an issue or a pull request says which of them`() throws {
        for type in EventType.allCases {
            let event = try decode(type.rawValue, "{}")
            switch EventType.event(of: type.rawValue) {
            case "issues": #expect(event.isPull == false)
            case "issue_comment": #expect(event.isPull == (type == .pullRequestComment))
            case let name where name.hasPrefix("pull_request"): #expect(event.isPull == true)
            default: #expect(event.isPull == nil && event.issue == nil)
            }
            #expect((event.issue == nil) == (event.isPull == nil))
            #expect(event.pullRequest == nil)
        }
    }

    // MARK: Comments and reviews

    @Test
    func `a comment has a text and an author`() throws {
        let created = try recorded("issue_comment-created")
        let comment = try #require(created.comment)
        #expect(try comment.body?.isEmpty == false)
        #expect(try comment.author.id == 1 && comment.isByItsAuthor == true)
        #expect(try comment.updatedAt != nil && comment.id != nil)
        #expect(try recorded("pull_request_comment-edited").comment?.isByItsAuthor == true)
    }

    @Test(arguments: [
        (#"{"user":{"id":5}}"#, "5", true), (#"{"user":{"id":5}}"#, "6", false),
        (#"{"user":{"id":5}}"#, "null", nil), (#"{"user":null}"#, "5", nil),
    ])
    func `whoever edits another's comment is not its author`(
        comment: String,
        sender: String,
        isAuthor: Bool?
    ) throws {
        let body = #"{"issue":{},"comment":\#(comment),"sender":{"id":\#(sender)}}"#
        #expect(try decode("issue_comment", body).comment?.isByItsAuthor == isAuthor)
    }

    @Test
    func `a review has its content`() throws {
        let review = try #require(recorded("pull_request_review_rejected-reviewed").review)
        #expect(try review.content?.isEmpty == false)
        #expect(try recorded("pull_request-opened").review == nil)
    }

    // MARK: Pushes and references

    static let zeros = String(repeating: "0", count: 40)
    static let longZeros = String(repeating: "0", count: 64)

    @Test(arguments: [
        (zeros, "a", RefChange.created), (longZeros, "a", .created), ("a", zeros, .deleted),
        ("a", longZeros, .deleted), ("a", "b", .updated), ("a", "a", .unchanged),
        // What the test button of Gitea's pages sends.
        (zeros, zeros, .unchanged), (String(repeating: "0", count: 41), "a", .updated),
    ])
    func `a push says what happens to its reference`(
        before: String,
        after: String,
        change: RefChange
    ) throws {
        let body = #"{"ref":"refs/heads/x","before":"\#(before)","after":"\#(after)"}"#
        let event = try decode("push", body)
        #expect(try event.refChange == change)
        #expect(try event.isTestDelivery == (change == .unchanged))
    }

    @Test(arguments: [
        ("create-branch", RefChange.created), ("create-tag", .created), ("delete-tag", .deleted),
        ("push-new-branch", .created), ("push-delete-tag", .deleted), ("push-branch", .updated),
        ("push-test-delivery", .unchanged), ("issues-opened", nil), ("release-published", nil),
    ])
    func `a recording says what happens to its reference`(
        name: String,
        change: RefChange?
    ) throws {
        #expect(try recorded(name).refChange == change)
    }

    @Test(arguments: [
        ("added.txt", true), ("changed", true), ("gone/\u{e9}", true), ("second", true),
        ("README", false), ("message", false),
    ])
    func `the paths of a push are those of all its commits`(path: String, isThere: Bool) throws {
        let body = #"""
            {"commits":[
            {"message":"message","added":["added.txt"],"removed":["gone/\u00e9"],
            "modified":["changed"]},
            {"added":null,"removed":[],"modified":["second"]},{}],"total_commits":3}
            """#
        let push = try #require(try decode("push", body).push)
        let paths = try #require(try push.changedPaths(atMost: 9, bytes: 99))
        #expect(paths.contains(path) == isThere)
        #expect(try push.listsAllCommits == true)
    }

    @Test
    func `of paths that are too many none is given`() throws {
        let push = try #require(
            try decode("push", #"{"commits":[{"added":["a","b"]},{"added":["c"]}]}"#).push
        )
        #expect(try push.changedPaths(atMost: 3, bytes: 3) == ["a", "b", "c"])
        #expect(try push.changedPaths(atMost: 2, bytes: 3) == nil)
        #expect(try push.changedPaths(atMost: 3, bytes: 2) == nil)
        #expect(try !push.listsNoCommit)
        let none = try decode("push", #"{"commits":[]}"#).push
        #expect(try none?.changedPaths(atMost: 0, bytes: 0) == [])
        #expect(try none?.listsNoCommit == true)
    }

    @Test
    func `a push that lists only some of its commits says so`() throws {
        #expect(try recorded("push-35-commits").push?.listsAllCommits == false)
        #expect(try recorded("push-branch").push?.listsAllCommits == true)
        #expect(
            try decode("push", #"{"commits":null,"total_commits":0}"#).push?.listsAllCommits == true
        )
        #expect(try decode("push", #"{"commits":[]}"#).push?.listsAllCommits == nil)
    }

    // MARK: Others

    @Test
    func `a fork's names are the other way round`() throws {
        let event = try recorded("fork")
        #expect(try event.repository.fullName == "bob/lab-fork")
        #expect(try event.repository.isFork == true)
        #expect(try event.forkedFrom?.fullName == "labadmin/lab")
        #expect(try event.forkedFrom?.id == 1)
        #expect(try recorded("push-branch").forkedFrom == nil)
    }

    @Test
    func `a release has a tag and a title`() throws {
        let release = try #require(recorded("release-published").release)
        #expect(try release.tag?.isEmpty == false && release.title?.isEmpty == false)
        #expect(try release.isDraft == false && release.isPrerelease != nil)
        #expect(try release.author.id == 1)
    }

    @Test
    func `a wiki event names its page`() throws {
        #expect(try recorded("wiki-created").wikiPage?.isEmpty == false)
        #expect(try recorded("issues-opened").wikiPage == nil)
    }

    @Test
    func `a package has no repository`() throws {
        let body = #"""
            {"action":"created","repository":null,"organization":null,"sender":{"id":3},
            "package":{"name":"tea","type":"container","version":"1.0"}}
            """#
        let event = try decode("package", body)
        #expect(event.disagreement == nil)
        #expect(try event.repository.id == nil)
        #expect(try event.sender.id == 3)
        let package = try #require(event.package)
        #expect(try package.name == "tea" && package.kind == "container")
        #expect(try package.version == "1.0")
    }

    @Test(arguments: [
        (
            "status", #"{"state":"failure","sha":"ab","context":"ci"}"#, nil, "failure", nil
        ),
        (
            "workflow_run",
            #"{"workflow_run":{"head_branch":"x","head_sha":"ab","status":"completed","conclusion":"c"}}"#,
            "x", "completed", "c"
        ),
        (
            "workflow_job",
            #"{"workflow_job":{"head_branch":"x","head_sha":"ab","status":"queued","conclusion":null}}"#,
            "x", "queued", nil
        ),
        (
            "action_run_failure",
            #"{"action":"failure","run":{"commit_sha":"ab","status":"failure"}}"#, nil, "failure",
            nil
        ),
    ])
    func `a run has a commit and a status`(
        type: String,
        body: String,
        branch: String?,
        status: String,
        conclusion: String?
    ) throws {
        let event = try decode(type, body)
        let run = try #require(event.run)
        #expect(event.disagreement == nil)
        #expect(try run.sha == "ab" && run.status == status)
        #expect(try run.branch == branch && run.conclusion == conclusion)
    }

    @Test
    func `an action run of Forgejo has its repository and user inside`() throws {
        let body = #"""
            {"action":"recover","prior_status":"failure","run":{
            "repository":{"id":7,"full_name":"a/b","default_branch":"main","mirror":true},
            "trigger_user":{"id":-2,"login":"forgejo-actions"}}}
            """#
        let event = try decode("action_run_recover", body)
        #expect(event.disagreement == nil)
        #expect(try event.repository.id == 7 && event.repository.fullName == "a/b")
        #expect(try event.repository.defaultBranch == "main")
        #expect(try event.repository.isMirror == true && event.repository.isArchived == nil)
        #expect(try event.sender.id == -2 && event.sender.login == "forgejo-actions")
    }

    // MARK: Parts

    private func decode(_ type: String, _ body: String) throws -> Event {
        try Event.decode(type: type, payload: Data(body.utf8))
    }

    private func recorded(_ name: String) throws -> Event {
        let (headers, payload) = try Recording(name: name).payload()
        return try Event.decode(type: headers.eventType, payload: payload)
    }
}

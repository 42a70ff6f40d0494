import Foundation
import Gitea
import Testing

/// What comes without a type header: the event names a group of types, the body one of them.
@Suite
struct EventGroupTests {
    @Test(arguments: Recording.all)
    func `a recording is of its own type without the type header too`(
        _ recording: Recording
    ) throws {
        let (headers, payload) = try recording.payload()
        let event = try Event.decode(event: headers.event, payload: payload)
        #expect(event.type == headers.eventType)
        #expect(event.known?.rawValue == headers.eventType)
        #expect(event.disagreement == nil)
    }

    static let written: [(event: String, body: String, type: EventType)] = [
        ("issues", #"{"action":"label_updated","issue":{}}"#, .issueLabel),
        ("issues", #"{"action":"assigned","issue":{}}"#, .issueAssign),
        ("issues", #"{"action":"milestoned","issue":{}}"#, .issueMilestone),
        ("pull_request", #"{"action":"synchronized","pull_request":{}}"#, .pullRequestSync),
        ("pull_request", #"{"action":"label_cleared","pull_request":{}}"#, .pullRequestLabel),
        ("issue_comment", #"{"issue":{},"comment":{}}"#, .issueComment),
        ("issue_comment", #"{"issue":{"pull_request":{}},"comment":{}}"#, .pullRequestComment),
        (
            "pull_request_approved", #"{"pull_request":{},"review":{}}"#,
            .pullRequestReviewApproved
        ),
        (
            "pull_request_comment", #"{"pull_request":{},"review":{}}"#,
            .pullRequestReviewComment
        ),
        // A word that this version does not know is of the type that is called like the event.
        ("issues", #"{"action":"pinned","issue":{}}"#, .issues),
        ("pull_request", #"{"action":"auto_merged","pull_request":{}}"#, .pullRequest),
    ]

    @Test(arguments: written)
    func `the body says which type of the event's group it is`(
        event: String,
        body: String,
        type: EventType
    ) throws {
        let decoded = try Event.decode(event: event, payload: Data(body.utf8))
        #expect(decoded.type == type.rawValue)
        #expect(decoded.disagreement == nil)
    }

    @Test(arguments: [
        (
            "pull_request", #"{"action":"opened","issue":{}}"#,
            "the header says pull_request, the body is of issues: pull_request is missing"
        ),
        (
            "issues", #"{"action":"created","issue":{},"comment":{},"is_pull":false}"#,
            "the header says issues, the body is of issue_comment: there is comment"
        ),
        (
            "pull_request_approved", #"{"action":"opened","issue":{}}"#,
            "the header says pull_request_approved, the body is of issues: "
                + "pull_request is missing"
        ),
        (
            "pull_request_approved",
            #"{"pull_request":{},"review":{"type":"pull_request_review_rejected"}}"#,
            "the header says pull_request_approved, the body is of "
                + "pull_request_review_rejected: review.type is pull_request_review_rejected"
        ),
    ])
    func `a body of none of the group's types disagrees`(
        event: String,
        body: String,
        reason: String
    ) throws {
        let decoded = try Event.decode(event: event, payload: Data(body.utf8))
        #expect(decoded.disagreement == reason)
    }

    @Test
    func `what is no event is a type that is not known`() throws {
        let decoded = try Event.decode(event: "unheard_of", payload: Data("{}".utf8))
        #expect(decoded.type == "unheard_of" && decoded.known == nil)
    }

    // MARK: Gogs

    @Test
    func `a pull request of Gogs has two branches`() throws {
        let body = #"""
            {"action":"opened","pull_request":{"head_branch":"warm","base_branch":"main",
            "head_repo":{"id":9,"full_name":"ann/pot","owner":{"id":4,"login":"ann"}},
            "base_repo":{"id":17,"full_name":"tea/pot"}}}
            """#
        let pull = try #require(
            try Event.decode(event: "pull_request", payload: Data(body.utf8)).pullRequest
        )
        #expect(try pull.head.ref == "warm" && pull.base.ref == "main")
        #expect(try pull.head.repositoryID == 9 && pull.head.repositoryName == "ann/pot")
        #expect(try pull.head.owner?.id == 4)
        #expect(try pull.isFromFork == true)
    }

    @Test
    func `where both are, Gitea's names count`() throws {
        let body = #"""
            {"action":"opened","pull_request":{"head_branch":"warm","base_branch":"old",
            "head":{"ref":"lid","repo":{"id":17}},"base":{"ref":"main","repo_id":17}}}
            """#
        let pull = try #require(
            try Event.decode(event: "pull_request", payload: Data(body.utf8)).pullRequest
        )
        #expect(try pull.head.ref == "lid" && pull.base.ref == "main")
        #expect(try pull.isFromFork == false)
    }
}

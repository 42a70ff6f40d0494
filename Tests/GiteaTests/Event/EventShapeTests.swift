import Foundation
import Gitea
import Testing

@Suite
struct EventShapeTests {
    /// A body of a type that no recording is of, with the members that Gitea's source gives it.
    static let written: [(type: EventType, body: String)] = [
        (
            .package,
            #"{"action":"created","repository":null,"package":{"name":"tea"},"organization":{}}"#
        ),
        (
            .status,
            #"{"commit":{},"context":"ci","sha":"ab","state":"success","repository":{},"id":1}"#
        ),
        (
            .workflowJob,
            #"{"action":"queued","workflow_job":{},"repository":{},"pull_request":{}}"#
        ),
        (
            .workflowRun,
            #"{"action":"completed","workflow":{},"workflow_run":{},"pull_request":{},"repository":{}}"#
        ),
        (.actionRunFailure, #"{"action":"failure","run":{},"prior_status":"success"}"#),
        (.actionRunRecover, #"{"action":"recover","run":{},"prior_status":"failure"}"#),
        (.actionRunSuccess, #"{"action":"success","run":{},"last_run":{}}"#),
        (.issues, #"{"action":"deleted","number":1,"issue":{},"repository":{}}"#),
        (.pullRequest, #"{"action":"deleted","number":1,"pull_request":{},"review":null}"#),
        (
            .pullRequestSync,
            #"{"action":"synchronized","before":"a","after":"b","pull_request":{},"ref":null}"#
        ),
        (
            .pullRequestComment,
            #"{"action":"created","issue":{},"pull_request":{},"comment":{},"is_pull":true}"#
        ),
        // Servers before `is_pull` and before the full name in `review.type`.
        (.issueComment, #"{"action":"created","issue":{"pull_request":null},"comment":{}}"#),
        (.pullRequestComment, #"{"action":"created","issue":{"pull_request":{}},"comment":{}}"#),
        (
            .pullRequestReviewApproved,
            #"{"action":"reviewed","pull_request":{},"review":{"type":"pull_request_approved"}}"#
        ),
        (
            .pullRequestReviewRejected,
            #"{"action":"reviewed","pull_request":{},"review":{"type":"pull_request_rejected"}}"#
        ),
        (
            .pullRequestReviewComment,
            #"{"action":"reviewed","pull_request":{},"review":{"type":"pull_request_comment"}}"#
        ),
    ]

    @Test(arguments: Recording.all)
    func `a recording agrees with its own type and with no other`(_ recording: Recording) throws {
        let (headers, payload) = try recording.payload()
        #expect(try Self.agreeing(payload) == [headers.eventType])
    }

    @Test(arguments: written)
    func `a body agrees with its own type and with no other`(
        type: EventType,
        body: String
    ) throws {
        #expect(try Self.agreeing(Data(body.utf8)) == [type.rawValue])
    }

    @Test
    func `every type has a body`() throws {
        let recorded = try Recording.all.map { try $0.payload().headers.eventType }
        let all = Set(recorded + Self.written.map(\.type.rawValue))
        #expect(all == Set(EventType.allCases.map(\.rawValue)))
    }

    /// Types whose bodies have the same members: what tells them apart is a word, and a word that a
    /// later version of Gitea adds says nothing.
    static let ambiguous: [(body: String, types: Set<EventType>)] = [
        (
            #"{"action":"pinned","issue":{}}"#,
            [.issues, .issueAssign, .issueLabel, .issueMilestone]
        ),
        (
            #"{"action":"auto_merged","pull_request":{}}"#,
            [
                .pullRequest, .pullRequestAssign, .pullRequestLabel, .pullRequestMilestone,
                .pullRequestSync, .pullRequestReviewRequest,
            ]
        ),
        (
            #"{"action":"reviewed","pull_request":{},"review":{"type":"dismissed"}}"#,
            [.pullRequestReviewApproved, .pullRequestReviewRejected, .pullRequestReviewComment]
        ),
        (
            #"{"action":"reviewed","pull_request":{},"review":{}}"#,
            [.pullRequestReviewApproved, .pullRequestReviewRejected, .pullRequestReviewComment]
        ),
        (
            #"{"action":"cancelled","run":{}}"#,
            [.actionRunFailure, .actionRunRecover, .actionRunSuccess]
        ),
    ]

    @Test(arguments: ambiguous)
    func `a word that is not known yet agrees with all of its group, and with no other`(
        body: String,
        types: Set<EventType>
    ) throws {
        #expect(try Set(Self.agreeing(Data(body.utf8))) == Set(types.map(\.rawValue)))
    }

    @Test(arguments: [
        (
            "push", #"{"ref":"x","ref_type":"branch"}"#,
            "the header says push, the body is of create: before is missing"
        ),
        (
            "push", #"{"ref":7,"before":"a","after":"b"}"#,
            "the header says push, the body is of no known type: "
                + "ref: expected a string, found a number"
        ),
        (
            "push", "{}",
            "the header says push, the body is of no known type: ref is missing"
        ),
        (
            "issues", #"{"action":"created","issue":{},"comment":{},"is_pull":false}"#,
            "the header says issues, the body is of issue_comment: there is comment"
        ),
        (
            "issue_label", #"{"action":"opened","issue":{}}"#,
            "the header says issue_label, the body is of issues: "
                + "action is opened, which is of issues"
        ),
        (
            "issue_label", #"{"action":null,"issue":{}}"#,
            "the header says issue_label, the body is of no known type: action is missing"
        ),
        (
            "issue_comment", #"{"issue":{},"comment":{},"is_pull":true}"#,
            "the header says issue_comment, the body is of pull_request_comment: is_pull is true"
        ),
        (
            "issue_comment", #"{"issue":{},"comment":{},"is_pull":"no"}"#,
            "the header says issue_comment, the body is of no known type: "
                + "is_pull: expected a boolean, found a string"
        ),
        (
            "pull_request_review_approved",
            #"{"pull_request":{},"review":{"type":"pull_request_review_rejected"}}"#,
            "the header says pull_request_review_approved, "
                + "the body is of pull_request_review_rejected: "
                + "review.type is pull_request_review_rejected"
        ),
        (
            "pull_request_review_comment", #"{"pull_request":{},"review":{"type":7}}"#,
            "the header says pull_request_review_comment, the body is of no known type: "
                + "review.type: expected a string, found a number"
        ),
        (
            "delete", #"{"ref":"x","ref_type":"branch","sha":"a"}"#,
            "the header says delete, the body is of create: pusher_type is missing"
        ),
        (
            "repository", #"{"action":"created","repository":{},"page":"Home"}"#,
            "the header says repository, the body is of wiki: there is page"
        ),
    ])
    func `a disagreement names the header, what the body is, and where it shows`(
        type: String,
        body: String,
        reason: String
    ) throws {
        let event = try Event.decode(type: type, payload: Data(body.utf8))
        #expect(event.disagreement == reason)
    }

    @Test
    func `an unknown type disagrees with nothing`() throws {
        for type in ["something_new", "", "PUSH", "pull_request_approved", "push "] {
            let event = try Event.decode(type: type, payload: Data("{}".utf8))
            #expect(event.known == nil)
            #expect(event.disagreement == nil)
        }
    }

    @Test
    func `a disagreement quotes nothing of the payload`() throws {
        let secret =
            #"{"action":"hunter2","issue":{"title":"hunter2"},"comment":{},"is_pull":true}"#
        for type in EventType.allCases {
            let event = try Event.decode(type: type.rawValue, payload: Data(secret.utf8))
            #expect(event.disagreement?.contains("hunter2") != true)
        }
    }

    private static func agreeing(_ payload: Data) throws -> [String] {
        try EventType.allCases.map(\.rawValue).filter {
            try Event.decode(type: $0, payload: payload).disagreement == nil
        }
    }
}

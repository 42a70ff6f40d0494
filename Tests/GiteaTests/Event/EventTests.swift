import Foundation
import Gitea
import Testing

@Suite
struct EventTests {
    /// What one recording is about, taken from it with another JSON reader.
    struct Expected: Sendable, CustomTestStringConvertible {
        let recording: Recording
        let action: String?
        let repository: (id: Int64, name: String)
        let ref: GitReference?
        let issueNumber: Int64?
        let senderID: Int64

        init(
            _ name: String,
            action: String? = nil,
            repository: (id: Int64, name: String) = (1, "labadmin/lab"),
            ref: GitReference? = nil,
            issue: Int64? = nil,
            sender: Int64 = 1
        ) {
            recording = Recording(name: name)
            self.action = action
            self.repository = repository
            self.ref = ref
            issueNumber = issue
            senderID = sender
        }

        var testDescription: String { recording.name }
    }

    static let recorded: [Expected] = [
        Expected("create-branch", ref: .branch("fp")),
        Expected("create-tag", ref: .tag("api-tag")),
        Expected("delete-branch", ref: .branch("fp")),
        Expected("delete-tag", ref: .tag("api-tag")),
        Expected("fork", repository: (2, "bob/lab-fork"), sender: 2),
        Expected("issue_assign-assigned", action: "assigned", issue: 1),
        Expected("issue_assign-unassigned", action: "unassigned", issue: 1),
        Expected("issue_comment-created", action: "created", issue: 1),
        Expected("issue_comment-deleted", action: "deleted", issue: 1),
        Expected("issue_comment-edited", action: "edited", issue: 1),
        Expected("issue_label-label_cleared", action: "label_cleared", issue: 1),
        Expected("issue_label-label_updated", action: "label_updated", issue: 1),
        Expected("issue_milestone-demilestoned", action: "demilestoned", issue: 1),
        Expected("issue_milestone-milestoned", action: "milestoned", issue: 1),
        Expected("issues-closed", action: "closed", issue: 1),
        Expected("issues-edited", action: "edited", issue: 1),
        Expected("issues-opened-form", action: "opened", issue: 1),
        Expected("issues-opened", action: "opened", issue: 1),
        Expected("issues-reopened", action: "reopened", issue: 1),
        Expected("pull_request-closed", action: "closed", issue: 3),
        Expected("pull_request-edited", action: "edited", issue: 3),
        Expected("pull_request-opened", action: "opened", issue: 3),
        Expected("pull_request-reopened", action: "reopened", issue: 3),
        Expected("pull_request_assign-assigned", action: "assigned", issue: 3),
        Expected("pull_request_assign-unassigned", action: "unassigned", issue: 3),
        Expected("pull_request_comment-created", action: "created", issue: 3),
        Expected("pull_request_comment-deleted", action: "deleted", issue: 3),
        Expected("pull_request_comment-edited", action: "edited", issue: 3),
        Expected("pull_request_label-label_cleared", action: "label_cleared", issue: 3),
        Expected("pull_request_label-label_updated", action: "label_updated", issue: 3),
        Expected("pull_request_milestone-milestoned", action: "milestoned", issue: 3),
        Expected("pull_request_review_approved-reviewed", action: "reviewed", issue: 3, sender: 2),
        Expected("pull_request_review_comment-reviewed", action: "reviewed", issue: 3, sender: 2),
        Expected("pull_request_review_rejected-reviewed", action: "reviewed", issue: 3, sender: 2),
        Expected(
            "pull_request_review_request-review_request_removed",
            action: "review_request_removed",
            issue: 3
        ),
        Expected(
            "pull_request_review_request-review_requested",
            action: "review_requested",
            issue: 3
        ),
        Expected("pull_request_sync-synchronized", action: "synchronized", issue: 3),
        Expected("push-35-commits", ref: .branch("main")),
        Expected("push-branch", ref: .branch("pr1")),
        Expected("push-default-branch", ref: .branch("main")),
        Expected("push-delete-tag", ref: .tag("api-tag")),
        Expected("push-new-branch", ref: .branch("pr1")),
        Expected("push-tag-form", ref: .tag("api-tag")),
        Expected("push-tag", ref: .tag("api-tag")),
        Expected("push-test-delivery", ref: .branch("main")),
        Expected("release-deleted", action: "deleted"),
        Expected("release-published", action: "published"),
        Expected("release-updated", action: "updated"),
        Expected("repository-created", action: "created", repository: (4, "labadmin/other")),
        Expected("repository-deleted", action: "deleted", repository: (4, "labadmin/other2")),
        Expected("wiki-created", action: "created"),
        Expected("wiki-deleted", action: "deleted"),
        Expected("wiki-edited", action: "edited"),
    ]

    @Test(arguments: recorded)
    func `a recording says what it is about`(_ expected: Expected) throws {
        let (headers, payload) = try expected.recording.payload()
        let event = try Event.decode(type: headers.eventType, payload: payload)
        #expect(event.type == headers.eventType)
        #expect(event.known?.rawValue == headers.eventType)
        #expect(event.disagreement == nil)
        #expect(try event.action == expected.action)
        #expect(try event.repository.id == expected.repository.id)
        #expect(try event.repository.fullName == expected.repository.name)
        #expect(try event.repository.defaultBranch == "main")
        #expect(try event.repository.isPrivate == false)
        #expect(try event.repository.isArchived == false)
        #expect(try event.repository.isMirror == false)
        #expect(try event.ref == expected.ref)
        #expect(try event.issue?.number == expected.issueNumber)
        #expect(try event.sender.id == expected.senderID)
        #expect(try event.sender.login == (expected.senderID == 1 ? "labadmin" : "bob"))
        #expect(try (event.push?.before != nil) == (headers.eventType == "push"))
        #expect(try event.isTestDelivery == (expected.recording.name == "push-test-delivery"))
    }

    @Test
    func `every recording has its row`() {
        #expect(Self.recorded.map(\.recording.name).sorted() == Recording.all.map(\.name))
    }

    @Test(arguments: [
        ("push", "{}"),
        (
            "push",
            #"{"ref":null,"before":null,"after":null,"repository":null,"sender":null}"#
        ),
        (
            "pull_request",
            #"{"action":null,"number":null,"pull_request":null,"issue":null,"commit_id":7}"#
        ),
        ("create", #"{"ref_type":"branch","sender":{},"repository":{}}"#),
        ("push", #"{"repository":{"id":null,"full_name":null,"owner":7}}"#),
        ("issues", #"{"issue":{},"sender":{"id":null}}"#),
        ("issues", #"{"issue":{"milestone":null,"labels":null,"pull_request":null}}"#),
        ("package", #"{"repository":null,"package":{}}"#),
        ("action_run_failure", #"{"run":{"repository":null}}"#),
    ])
    func `what a payload lacks or has as null is nil`(type: String, payload: String) throws {
        let event = try Event.decode(type: type, payload: Data(payload.utf8))
        #expect(event.type == type)
        #expect(try event.action == nil && event.ref == nil && event.sender.id == nil)
        #expect(try event.repository.id == nil && event.repository.fullName == nil)
        #expect(try event.repository.isArchived == nil && event.repository.isPrivate == nil)
        #expect(try event.issue?.number == nil && event.issue?.milestone == nil)
        #expect(try event.issue?.labels ?? [] == [] && event.issue?.isMerged == nil)
        #expect(try event.push?.before == nil && event.push?.after == nil)
        #expect(try event.push?.change == nil && event.push?.listsAllCommits == nil)
        #expect(try event.isTestDelivery == false)
    }

    @Test(arguments: [
        ("issues", #"{"issue":{"number":5}}"#, 5),
        ("issues", #"{"number":6,"issue":{"number":5}}"#, 5),
        ("issues", #"{"number":6}"#, 6),
        ("issue_label", #"{"issue":{"title":"a","number":5,"id":9}}"#, 5),
        ("issue_comment", #"{"issue":{"number":5},"is_pull":false}"#, 5),
        ("pull_request", #"{"number":3,"pull_request":{"number":4}}"#, 4),
        ("pull_request", #"{"pull_request":{"number":4}}"#, 4),
        ("pull_request_comment", #"{"issue":{"number":5}}"#, 5),
        ("pull_request_comment", #"{"issue":{"number":5},"pull_request":{"number":4}}"#, 5),
        ("pull_request_review_approved", #"{"number":3}"#, 3),
        ("pull_request_rejected", #"{"number":3}"#, nil),
        ("push", #"{"number":3}"#, nil),
        ("release", #"{"number":"x","issue":7,"pull_request":[]}"#, nil),
        ("workflow_run", #"{"pull_request":{"number":"x"},"ref":5,"before":[]}"#, nil),
    ])
    func `the number comes from the fields of the type`(
        type: String,
        payload: String,
        number: Int64?
    ) throws {
        let event = try Event.decode(type: type, payload: Data(payload.utf8))
        #expect(try event.issue?.number == number)
    }

    @Test(arguments: [
        ("push", #"{"ref":"refs/heads/main"}"#, GitReference.branch("main")),
        ("push", #"{"ref":"refs/heads/feature/a b"}"#, .branch("feature/a b")),
        ("push", #"{"ref":"refs/tags/v1"}"#, .tag("v1")),
        ("push", #"{"ref":"refs/for/main"}"#, .other("refs/for/main")),
        ("push", #"{"ref":"main"}"#, .other("main")),
        ("create", #"{"ref":"main","ref_type":"branch"}"#, .branch("main")),
        ("create", #"{"ref_type":"tag","ref":"v1"}"#, .tag("v1")),
        ("create", #"{"ref":"refs/heads/main","ref_type":"branch"}"#, .branch("main")),
        ("delete", #"{"ref":"refs/tags/v1","ref_type":"tag"}"#, .tag("v1")),
        ("delete", #"{"ref":"refs/heads/main"}"#, .branch("main")),
        ("delete", #"{"ref":"main"}"#, .other("main")),
        ("delete", #"{"ref":"main","ref_type":"note"}"#, .other("main")),
        ("issues", #"{"ref":"refs/heads/main"}"#, nil),
        ("pull_request", #"{"ref":"refs/heads/main"}"#, nil),
    ])
    func `the reference is read for pushes, creates and deletes`(
        type: String,
        payload: String,
        ref: GitReference?
    ) throws {
        let event = try Event.decode(type: type, payload: Data(payload.utf8))
        #expect(try event.ref == ref)
    }

    @Test(arguments: [
        ("push", #"{"before":"a","after":"a"}"#, true),
        ("push", #"{"before":"a","after":"b"}"#, false),
        ("push", #"{"before":"a"}"#, false),
        ("push", #"{"after":"a"}"#, false),
        ("push", "{}", false),
        ("pull_request_sync", #"{"before":"a","after":"a"}"#, false),
        ("issues", #"{"before":"a","after":"a"}"#, false),
    ])
    func `a push that changes nothing is a test delivery`(
        type: String,
        payload: String,
        isTest: Bool
    ) throws {
        let event = try Event.decode(type: type, payload: Data(payload.utf8))
        #expect(try event.isTestDelivery == isTest)
    }

    @Test(arguments: [
        ("1", 1), ("-1", -1), ("-2", -2), ("0", 0), ("-0", 0),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ])
    func `ids are whole numbers of 64 bits with a sign`(number: String, id: Int64) throws {
        let payload = #"{"sender":{"id":\#(number)},"repository":{"id":\#(number),"full_name":""}}"#
        let event = try Event.decode(type: "push", payload: Data(payload.utf8))
        #expect(try event.sender.id == id)
        #expect(try event.repository.id == id)
        #expect(try event.repository.defaultBranch == nil)
    }

    @Test(arguments: [
        (#"opened"#, "opened"),
        (#"\u006fpened"#, "opened"),
        (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#"\u003c\u00e9\u8336"#, "<é茶"),
        (#"\ud83c\udf75"#, "🍵"),
        (#"\uD83C\uDF75x"#, "🍵x"),
        (#"é茶🍵"#, "é茶🍵"),
        (#"\ud83c"#, "\u{FFFD}"),
        (#"\udf75"#, "\u{FFFD}"),
        (#"\ud83cx"#, "\u{FFFD}x"),
        (#"\ud83c\n"#, "\u{FFFD}\n"),
        (#"\ud83c\u0041"#, "\u{FFFD}A"),
        (#"\ud83c\ud83c\udf75"#, "\u{FFFD}🍵"),
        (#"\u0000"#, "\u{0}"),
    ])
    func `escapes are replaced`(text: String, action: String) throws {
        let payload = Data(#"{"\u0061ction":"\#(text)"}"#.utf8)
        #expect(try Event.decode(type: "push", payload: payload).action == action)
    }

    @Test(arguments: [
        (#"{"action":"a","action":"b"}"#, "action"),
        (#"{"action":null,"action":"b"}"#, "action"),
        (#"{"action":"a","\u0061ction":"a"}"#, "action"),
        (#"{"sender":{"id":1,"login":"x","id":2}}"#, "sender.id"),
        (#"{"sender":7,"sender":{"id":1}}"#, "sender"),
        (#"{"pull_request":{"head":{"ref":"a","ref":"a"}}}"#, "pull_request.head.ref"),
    ])
    func `a member that is read must not be there twice`(payload: String, path: String) {
        #expect(throws: PayloadError.malformed(reason: "\(path) is there twice")) {
            try Event.decode(type: "push", payload: Data(payload.utf8))
        }
    }

    @Test
    func `a member that nobody reads may be there twice`() throws {
        let payload = #"{"a":1,"a":2,"sender":{"email":1,"email":2},"x":{"action":1,"action":2}}"#
        #expect(throws: Never.self) {
            try Event.decode(type: "push", payload: Data(payload.utf8))
        }
    }
}

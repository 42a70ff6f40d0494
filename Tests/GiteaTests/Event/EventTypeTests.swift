import Gitea
import Testing

@Suite
struct EventTypeTests {
    // Source: go-gitea/gitea: modules/webhook/type.go
    @Test(arguments: [
        ("push", "push"), ("issues", "issues"), ("issue_assign", "issues"),
        ("issue_label", "issues"), ("issue_milestone", "issues"),
        ("issue_comment", "issue_comment"), ("pull_request_comment", "issue_comment"),
        ("pull_request", "pull_request"), ("pull_request_assign", "pull_request"),
        ("pull_request_label", "pull_request"), ("pull_request_milestone", "pull_request"),
        ("pull_request_sync", "pull_request"), ("pull_request_review_request", "pull_request"),
        ("pull_request_review_approved", "pull_request_approved"),
        ("pull_request_review_rejected", "pull_request_rejected"),
        ("pull_request_review_comment", "pull_request_comment"),
        ("package", "package"), ("workflow_run", "workflow_run"), ("not_known", "not_known"),
    ])
    func `a type has its event`(type: String, event: String) {
        #expect(EventType.event(of: type) == event)
    }
}

/// The event types that Gitea and Forgejo send.
package enum EventTypes {
    /// The values of `X-Gitea-Event-Type`.
    ///
    /// Source: go-gitea/gitea: modules/webhook/type.go; the last three are Forgejo's
    /// (forgejo/forgejo: modules/webhook/type.go).
    package static let all = [
        "create", "delete", "fork", "push",
        "issues", "issue_assign", "issue_label", "issue_milestone", "issue_comment",
        "pull_request", "pull_request_assign", "pull_request_label", "pull_request_milestone",
        "pull_request_sync", "pull_request_comment", "pull_request_review_request",
        "pull_request_review_approved", "pull_request_review_rejected",
        "pull_request_review_comment",
        "wiki", "repository", "release", "package", "status", "workflow_job", "workflow_run",
        "action_run_failure", "action_run_recover", "action_run_success",
    ]

    /// Values of the coarser `X-Gitea-Event` that are no type, with their type.
    static let ofHeaderEvents = [
        "pull_request_approved": "pull_request_review_approved",
        "pull_request_rejected": "pull_request_review_rejected",
    ]
}

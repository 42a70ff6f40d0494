/// The event types that Gitea and Forgejo send.
///
/// - Source: go-gitea/gitea: modules/webhook/type.go; the last three are Forgejo's
///   (forgejo/forgejo: modules/webhook/type.go)
package enum EventType: String, CaseIterable, Sendable {
    case create
    case delete
    case fork
    case push
    case issues
    case issueAssign = "issue_assign"
    case issueLabel = "issue_label"
    case issueMilestone = "issue_milestone"
    case issueComment = "issue_comment"
    case pullRequest = "pull_request"
    case pullRequestAssign = "pull_request_assign"
    case pullRequestLabel = "pull_request_label"
    case pullRequestMilestone = "pull_request_milestone"
    case pullRequestSync = "pull_request_sync"
    case pullRequestComment = "pull_request_comment"
    case pullRequestReviewRequest = "pull_request_review_request"
    case pullRequestReviewApproved = "pull_request_review_approved"
    case pullRequestReviewRejected = "pull_request_review_rejected"
    case pullRequestReviewComment = "pull_request_review_comment"
    case wiki
    case repository
    case release
    case package
    case status
    case workflowJob = "workflow_job"
    case workflowRun = "workflow_run"
    case actionRunFailure = "action_run_failure"
    case actionRunRecover = "action_run_recover"
    case actionRunSuccess = "action_run_success"
}

extension EventType {
    /// Types whose bodies have the same members.
    package enum Family: Sendable {
        case push, create, delete, fork
        case issue, issueComment
        case pullRequest, pullRequestComment, review
        case wiki, repository, release, package
        case status, workflowJob, workflowRun
        /// Forgejo's.
        case actionRun
    }

    /// The types that a body of this type could be of, judged by its members alone.
    package var family: Family {
        switch self {
        case .push: .push
        case .create: .create
        case .delete: .delete
        case .fork: .fork
        case .issues, .issueAssign, .issueLabel, .issueMilestone: .issue
        case .issueComment: .issueComment
        case .pullRequest, .pullRequestAssign, .pullRequestLabel, .pullRequestMilestone,
            .pullRequestSync, .pullRequestReviewRequest:
            .pullRequest
        case .pullRequestComment: .pullRequestComment
        case .pullRequestReviewApproved, .pullRequestReviewRejected, .pullRequestReviewComment:
            .review
        case .wiki: .wiki
        case .repository: .repository
        case .release: .release
        case .package: .package
        case .status: .status
        case .workflowJob: .workflowJob
        case .workflowRun: .workflowRun
        case .actionRunFailure, .actionRunRecover, .actionRunSuccess: .actionRun
        }
    }

    /// The grouped event that Gitea sends beside a type: `issues` for `issue_label`.
    ///
    /// Types that are not grouped, and unknown ones, are their own event. Gogs's are the same, as
    /// far as it has them.
    ///
    /// - Source: go-gitea/gitea: modules/webhook/type.go (Event)
    package static func event(of type: String) -> String {
        switch EventType(rawValue: type)?.family {
        case .issue: issues.rawValue
        case .pullRequestComment: issueComment.rawValue
        case .pullRequest: pullRequest.rawValue
        case .review: type.replacingReview()
        case .push, .create, .delete, .fork, .issueComment, .wiki, .repository, .release,
            .package, .status, .workflowJob, .workflowRun, .actionRun, nil:
            type
        }
    }

    /// The types that a grouped event stands for: of `issues` four; none for what is no event.
    static func members(ofEvent event: String) -> [EventType] {
        groups[event] ?? []
    }

    private static let groups = Dictionary(grouping: EventType.allCases) {
        EventType.event(of: $0.rawValue)
    }
}

extension String {
    /// `pull_request_approved` for `pull_request_review_approved`.
    fileprivate func replacingReview() -> String {
        split(separator: "_").filter { $0 != "review" }.joined(separator: "_")
    }
}

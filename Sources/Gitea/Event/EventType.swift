/// What follows from the name of an event type.
package enum EventType {
    /// The grouped event that Gitea sends beside a type: `issues` for `issue_label`.
    ///
    /// Types that are not grouped, and unknown ones, are their own event.
    ///
    /// - Source: go-gitea/gitea: modules/webhook/type.go (Event)
    package static func event(of type: String) -> String {
        switch type {
        case "issue_assign", "issue_label", "issue_milestone":
            "issues"
        case "pull_request_comment":
            "issue_comment"
        case "pull_request_assign", "pull_request_label", "pull_request_milestone",
            "pull_request_sync", "pull_request_review_request":
            "pull_request"
        case "pull_request_review_approved":
            "pull_request_approved"
        case "pull_request_review_rejected":
            "pull_request_rejected"
        case "pull_request_review_comment":
            "pull_request_comment"
        default:
            type
        }
    }

    /// The types of which one kind of payload is known.
    enum Family {
        case push
        /// Create and delete.
        case reference
        /// Everything about an issue.
        case issue
        /// Everything about a pull request, comments and reviews too.
        case pullRequest
        /// Types in which only the fields that all have in common are read.
        case other

        init(type: String) {
            if type == "push" {
                self = .push
            } else if type == "create" || type == "delete" {
                self = .reference
            } else if type == "issues" || type.hasPrefix("issue_") {
                self = .issue
            } else if type == "pull_request" || type.hasPrefix("pull_request_") {
                self = .pullRequest
            } else {
                self = .other
            }
        }
    }
}

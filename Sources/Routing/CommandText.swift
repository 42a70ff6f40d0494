import Gitea

/// The text in which an event may give commands.
enum CommandText {
    case comment(Event.Comment)
    case review(Event.Review)
    /// The text of an issue or pull request, which gives commands when that is opened.
    case body(Event.Issue)

    /// Nil for events that are about no such text.
    init?(_ event: Event) {
        if let comment = event.comment {
            self = .comment(comment)
        } else if let review = event.review {
            self = .review(review)
        } else if event.known == .issues || event.known == .pullRequest, let issue = event.issue {
            self = .body(issue)
        } else {
            return nil
        }
    }

    /// What was written; nil when the payload does not say.
    var text: String? {
        get throws(PayloadError) {
            switch self {
            case .comment(let comment): try comment.body
            case .review(let review): try review.content
            case .body(let issue): try issue.body
            }
        }
    }

    /// How it is called in reasons.
    var noun: String {
        switch self {
        case .comment: "comment"
        case .review: "review"
        case .body: "issue or pull request"
        }
    }

    /// Whether the text is new when this happened.
    func isNew(_ action: String) -> Bool {
        switch self {
        case .comment: action == "created"
        case .review: action == "reviewed"
        case .body: action == "opened"
        }
    }
}

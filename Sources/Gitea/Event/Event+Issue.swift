package import FoundationEssentials

extension Event {
    /// An issue, or what a pull request has in common with one.
    package struct Issue: Sendable {
        private let payload: Payload
        private let fields: Fields

        init(_ payload: Payload, _ fields: Fields) {
            self.payload = payload
            self.fields = fields
        }

        /// Where the members of one issue or pull request are.
        struct Fields: Sendable {
            var id: PayloadField
            var number: PayloadField
            var title: PayloadField
            var body: PayloadField
            var state: PayloadField
            var updatedAt: PayloadField
            var authorID: PayloadField
            var authorLogin: PayloadField
            var labels: PayloadField
            var assignees: PayloadField
            var assigneeID: PayloadField
            var assigneeLogin: PayloadField
            var milestone: PayloadField
            var isMerged: PayloadField
            var isDraft: PayloadField

            static let issue = Fields(
                id: .issueID,
                number: .issueNumber,
                title: .issueTitle,
                body: .issueBody,
                state: .issueState,
                updatedAt: .issueUpdatedAt,
                authorID: .issueUserID,
                authorLogin: .issueUserLogin,
                labels: .issueLabels,
                assignees: .issueAssignees,
                assigneeID: .issueAssigneeID,
                assigneeLogin: .issueAssigneeLogin,
                milestone: .issueMilestoneTitle,
                isMerged: .issuePullMerged,
                isDraft: .issuePullDraft
            )
            static let pull = Fields(
                id: .pullID,
                number: .pullNumber,
                title: .pullTitle,
                body: .pullBody,
                state: .pullState,
                updatedAt: .pullUpdatedAt,
                authorID: .pullUserID,
                authorLogin: .pullUserLogin,
                labels: .pullLabels,
                assignees: .pullAssignees,
                assigneeID: .pullAssigneeID,
                assigneeLogin: .pullAssigneeLogin,
                milestone: .pullMilestoneTitle,
                isMerged: .pullMerged,
                isDraft: .pullDraft
            )
        }
    }
}

extension Event.Issue {
    /// The number that no other issue on the server has.
    package var id: Int64? {
        get throws(PayloadError) { try payload.integer(fields.id) }
    }

    /// The number in its repository.
    package var number: Int64? {
        get throws(PayloadError) {
            if let number = try payload.integer(fields.number) { return number }
            return try payload.integer(.number)
        }
    }

    /// The title.
    package var title: String? {
        get throws(PayloadError) { try payload.text(fields.title) }
    }

    /// The text, which may be long.
    package var body: String? {
        get throws(PayloadError) { try payload.text(fields.body) }
    }

    /// `open` or `closed`.
    package var state: String? {
        get throws(PayloadError) { try payload.text(fields.state) }
    }

    /// When it was changed, in whole seconds.
    package var updatedAt: Date? {
        get throws(PayloadError) { try payload.time(fields.updatedAt) }
    }

    /// Who opened it.
    package var author: Event.User {
        Event.User(payload, id: fields.authorID, login: fields.authorLogin)
    }

    /// The names of the labels it has now; which of them an event is about, Gitea may not say:
    /// `Event.addedLabels`.
    package var labels: [String] {
        get throws(PayloadError) { try payload.texts("name", in: fields.labels) }
    }

    /// Whom it is assigned to now, by id and login.
    package var assignees: [(id: Int64?, login: String?)] {
        get throws(PayloadError) {
            let all = try payload.users(in: fields.assignees)
            guard all.isEmpty else { return all }
            // Gogs has one at most, and no list.
            let (id, login) = (
                try payload.integer(fields.assigneeID), try payload.text(fields.assigneeLogin)
            )
            return id == nil && login == nil ? [] : [(id, login)]
        }
    }

    /// The title of its milestone.
    package var milestone: String? {
        get throws(PayloadError) { try payload.text(fields.milestone) }
    }

    /// Whether it is a merged pull request; nil for an issue.
    package var isMerged: Bool? {
        get throws(PayloadError) { try payload.boolean(fields.isMerged) }
    }

    /// Whether it is a pull request that is not ready; nil for an issue.
    package var isDraft: Bool? {
        get throws(PayloadError) { try payload.boolean(fields.isDraft) }
    }
}

extension Event {
    /// What only a pull request has.
    package struct PullRequest: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// The branch it is to be merged into.
        package var base: Side { Side(payload, .base) }

        /// The branch with the changes; without a repository when the fork is gone.
        package var head: Side { Side(payload, .head) }

        /// Whether the changes come from another repository; nil when the payload does not say.
        package var isFromFork: Bool? {
            get throws(PayloadError) {
                guard let from = try head.repositoryID, let into = try base.repositoryID else {
                    return nil
                }
                return from != into
            }
        }
    }

    /// One of a pull request's two branches.
    package struct Side: Sendable {
        private let payload: Payload
        private let fields: Fields

        init(_ payload: Payload, _ fields: Fields) {
            self.payload = payload
            self.fields = fields
        }

        /// Where the members of one branch are, in the order in which they are looked for: Gitea's,
        /// then Gogs's.
        ///
        /// - Source: go-gitea/gitea: modules/structs/pull.go; gogs/go-gogs-client: pull.go
        struct Fields: Sendable {
            var ref: [PayloadField]
            var sha: PayloadField
            var repositoryID: [PayloadField]
            var repositoryName: [PayloadField]
            /// The repository's owner, by id and login.
            var owner: [(id: PayloadField, login: PayloadField)]

            static let base = Fields(
                ref: [.pullBaseRef, .pullBaseBranch],
                sha: .pullBaseSHA,
                repositoryID: [.pullBaseRepoID, .pullBaseRepoInnerID, .pullBaseRepositoryID],
                repositoryName: [],
                owner: []
            )
            static let head = Fields(
                ref: [.pullHeadRef, .pullHeadBranch],
                sha: .pullHeadSHA,
                repositoryID: [.pullHeadRepoID, .pullHeadRepoInnerID, .pullHeadRepositoryID],
                repositoryName: [.pullHeadRepoName, .pullHeadRepositoryName],
                owner: [
                    (.pullHeadRepoOwnerID, .pullHeadRepoOwnerLogin),
                    (.pullHeadRepositoryOwnerID, .pullHeadRepositoryOwnerLogin),
                ]
            )
        }

        /// The branch's short name; `refs/pull/3/head` when it is gone.
        package var ref: String? {
            get throws(PayloadError) { try text(fields.ref) }
        }

        /// The commit.
        package var sha: String? {
            get throws(PayloadError) { try payload.text(fields.sha) }
        }

        /// The repository that the branch is in; the same when it is renamed.
        package var repositoryID: Int64? {
            get throws(PayloadError) {
                for field in fields.repositoryID {
                    if let id = try payload.integer(field) { return id }
                }
                return nil
            }
        }

        /// `owner/name` of the repository that the branch is in; known of the head alone.
        package var repositoryName: String? {
            get throws(PayloadError) { try text(fields.repositoryName) }
        }

        /// Who owns the repository that the branch is in: a user or an organization; known of the
        /// head alone.
        package var owner: User? {
            fields.owner.first { payload.has($0.id) }.map {
                User(payload, id: $0.id, login: $0.login)
            }
        }

        private func text(_ fields: [PayloadField]) throws(PayloadError) -> String? {
            for field in fields {
                if let text = try payload.text(field) { return text }
            }
            return nil
        }
    }
}

extension Event {
    /// Whether the text of an issue, pull request or comment was edited: Gitea says what it was
    /// before.
    ///
    /// - Source: go-gitea/gitea: modules/structs/hook.go (ChangesPayload)
    package var isBodyChanged: Bool { payload.has(.changesBody) }

    /// The names of the labels that this event added; nil when the payload does not say.
    ///
    /// Gitea has the member since 1.25, and up to 1.26 fills it for its own actions alone.
    ///
    /// - Source: go-gitea/gitea: modules/structs/hook.go (ChangesPayload),
    ///   services/webhook/notifier.go (IssueChangeLabels)
    package var addedLabels: [String]? {
        get throws(PayloadError) { try changedLabels(.changesAddedLabels, .changesRemovedLabels) }
    }

    /// The names of the labels that this event removed; nil when the payload does not say.
    package var removedLabels: [String]? {
        get throws(PayloadError) { try changedLabels(.changesRemovedLabels, .changesAddedLabels) }
    }

    /// Of a change that was told, what was left out is nothing.
    private func changedLabels(
        _ field: PayloadField,
        _ other: PayloadField
    ) throws(PayloadError) -> [String]? {
        guard payload.has(field) || payload.has(other) else { return nil }
        return try payload.texts("name", in: field)
    }

    /// A comment on an issue or a pull request.
    package struct Comment: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// The number that no other comment on the server has.
        package var id: Int64? {
            get throws(PayloadError) { try payload.integer(.commentID) }
        }

        /// The text, which may be long.
        package var body: String? {
            get throws(PayloadError) { try payload.text(.commentBody) }
        }

        /// Who wrote it; who edited it is the event's sender.
        package var author: User {
            User(payload, id: .commentUserID, login: .commentUserLogin)
        }

        /// When it was changed, in whole seconds.
        package var updatedAt: Date? {
            get throws(PayloadError) { try payload.time(.commentUpdatedAt) }
        }

        /// Whether who did this is who wrote the comment; nil when the payload does not say.
        ///
        /// Whoever may write to a repository may edit other people's comments.
        package var isByItsAuthor: Bool? {
            get throws(PayloadError) {
                guard let writer = try author.id, let sender = try payload.integer(.senderID) else {
                    return nil
                }
                return writer == sender
            }
        }
    }

    /// A review of a pull request.
    package struct Review: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// What was said.
        package var content: String? {
            get throws(PayloadError) { try payload.text(.reviewContent) }
        }
    }
}

extension Event {
    /// A release.
    package struct Release: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// The number that no other release on the server has.
        package var id: Int64? {
            get throws(PayloadError) { try payload.integer(.releaseID) }
        }

        /// Its tag's short name: `v1.0`.
        package var tag: String? {
            get throws(PayloadError) { try payload.text(.releaseTag) }
        }

        /// Its title.
        package var title: String? {
            get throws(PayloadError) { try payload.text(.releaseName) }
        }

        /// Whether it is not published yet.
        package var isDraft: Bool? {
            get throws(PayloadError) { try payload.boolean(.releaseDraft) }
        }

        /// Whether it is not meant for everybody yet.
        package var isPrerelease: Bool? {
            get throws(PayloadError) { try payload.boolean(.releasePrerelease) }
        }

        /// Who made it.
        package var author: User {
            User(payload, id: .releaseAuthorID, login: .releaseAuthorLogin)
        }
    }

    /// A package in the registry.
    package struct Package: Sendable {
        private let payload: Payload

        init(_ payload: Payload) {
            self.payload = payload
        }

        /// Its name.
        package var name: String? {
            get throws(PayloadError) { try payload.text(.packageName) }
        }

        /// Which registry: `container`.
        package var kind: String? {
            get throws(PayloadError) { try payload.text(.packageType) }
        }

        /// Its version.
        package var version: String? {
            get throws(PayloadError) { try payload.text(.packageVersion) }
        }
    }

    /// A commit status, a workflow's run or one of its jobs, or a run of Forgejo's actions.
    package struct Run: Sendable {
        private let payload: Payload
        private let fields: Fields

        init(_ payload: Payload, _ fields: Fields) {
            self.payload = payload
            self.fields = fields
        }

        /// Where the members of one kind of run are.
        struct Fields: Sendable {
            var branch: PayloadField?
            var sha: PayloadField
            var status: PayloadField
            var conclusion: PayloadField?
            var context: PayloadField?
            var message: PayloadField?
            /// The workflow's names.
            var workflow: [PayloadField] = []

            static let status = Fields(
                sha: .sha,
                status: .state,
                context: .context,
                message: .commitMessage
            )
            static let workflowRun = Fields(
                branch: .workflowRunBranch,
                sha: .workflowRunSHA,
                status: .workflowRunStatus,
                conclusion: .workflowRunConclusion,
                workflow: [.workflowName, .workflowID]
            )
            static let workflowJob = Fields(
                branch: .workflowJobBranch,
                sha: .workflowJobSHA,
                status: .workflowJobStatus,
                conclusion: .workflowJobConclusion
            )
            static let actionRun = Fields(
                sha: .runSHA,
                status: .runStatus,
                workflow: [.runWorkflow]
            )
        }

        /// The branch, by its short name; nil where Gitea does not say.
        package var branch: String? {
            get throws(PayloadError) { try text(fields.branch) }
        }

        /// The commit.
        package var sha: String? {
            get throws(PayloadError) { try payload.text(fields.sha) }
        }

        /// How far it is: `in_progress`; of a commit status its state: `success`.
        package var status: String? {
            get throws(PayloadError) { try payload.text(fields.status) }
        }

        /// How it ended: `failure`; nil while it runs, and where Gitea does not say.
        package var conclusion: String? {
            get throws(PayloadError) { try text(fields.conclusion) }
        }

        /// What a commit status is about: `ci/build`; nil for runs.
        package var context: String? {
            get throws(PayloadError) { try text(fields.context) }
        }

        /// The message of the commit that a status is of; nil for runs.
        package var message: String? {
            get throws(PayloadError) { try text(fields.message) }
        }

        /// The names of the workflow, its own and that of its file; none where Gitea does not say.
        package var workflow: [String] {
            get throws(PayloadError) {
                var names: [String] = []
                for field in fields.workflow {
                    if let name = try payload.text(field), !name.isEmpty { names.append(name) }
                }
                return names
            }
        }

        private func text(_ field: PayloadField?) throws(PayloadError) -> String? {
            guard let field else { return nil }
            return try payload.text(field)
        }
    }
}

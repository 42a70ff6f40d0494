/// The members of payloads that Samovar knows, and no others.
///
/// A member stands here because a rule, a gate or a condition can ask for it, or because it tells
/// event types apart. Never `is_admin`, `active` or `permissions`: Gitea fills them with constants.
///
/// - Source: go-gitea/gitea: modules/structs/hook.go; Forgejo: modules/structs/hook.go
enum PayloadField: Int, CaseIterable, Sendable {
    case action, number, ref, refType, before, after, pusherType, isPull, page
    case sha, state, context, commits, totalCommits
    case headCommit, headCommitMessage, commit, commitMessage
    case changes, changesBody, changesAddedLabels, changesRemovedLabels

    case repository, repositoryID, repositoryName, repositoryDefaultBranch
    case repositoryPrivate, repositoryArchived, repositoryFork, repositoryMirror
    case forkee, forkeeID, forkeeName
    case sender, senderID, senderLogin

    case issue, issueID, issueNumber, issueTitle, issueBody, issueState, issueUpdatedAt
    case issueUser, issueUserID, issueUserLogin
    case issueLabels, issueMilestone, issueMilestoneTitle
    case issueAssignees, issueAssignee, issueAssigneeID, issueAssigneeLogin
    case issuePull, issuePullMerged, issuePullDraft

    case comment, commentID, commentBody, commentUpdatedAt
    case commentUser, commentUserID, commentUserLogin

    case pull, pullID, pullNumber, pullTitle, pullBody, pullState, pullUpdatedAt
    case pullUser, pullUserID, pullUserLogin
    case pullLabels, pullMilestone, pullMilestoneTitle
    case pullAssignees, pullAssignee, pullAssigneeID, pullAssigneeLogin
    case pullMerged, pullDraft
    case pullBase, pullBaseRef, pullBaseSHA, pullBaseRepoID, pullBaseRepo, pullBaseRepoInnerID
    case pullHead, pullHeadRef, pullHeadSHA, pullHeadRepoID
    case pullHeadRepo, pullHeadRepoInnerID, pullHeadRepoName
    case pullHeadRepoOwner, pullHeadRepoOwnerID, pullHeadRepoOwnerLogin
    /// Gogs's names for the same.
    case pullHeadBranch, pullBaseBranch, pullBaseRepository, pullBaseRepositoryID
    case pullHeadRepository, pullHeadRepositoryID, pullHeadRepositoryName
    case pullHeadRepositoryOwner, pullHeadRepositoryOwnerID, pullHeadRepositoryOwnerLogin

    case review, reviewType, reviewContent

    case release, releaseID, releaseTag, releaseName, releaseDraft, releasePrerelease
    case releaseAuthor, releaseAuthorID, releaseAuthorLogin

    case package, packageName, packageType, packageVersion

    case workflow, workflowID, workflowName
    case workflowRun, workflowRunBranch, workflowRunSHA, workflowRunStatus, workflowRunConclusion
    case workflowJob, workflowJobBranch, workflowJobSHA, workflowJobStatus, workflowJobConclusion

    case run, runRepository, runRepositoryID, runRepositoryName, runRepositoryDefaultBranch
    case runRepositoryPrivate, runRepositoryArchived, runRepositoryFork, runRepositoryMirror
    case runUser, runUserID, runUserLogin, runSHA, runStatus, runWorkflow
}

extension PayloadField {
    /// Where the member is, as messages name it: `pull_request.head.ref`.
    ///
    /// Each object on the way is a field too.
    var path: String {
        switch self {
        case .action: "action"
        case .number: "number"
        case .ref: "ref"
        case .refType: "ref_type"
        case .before: "before"
        case .after: "after"
        case .pusherType: "pusher_type"
        case .isPull: "is_pull"
        case .page: "page"
        case .sha: "sha"
        case .state: "state"
        case .context: "context"
        case .commits: "commits"
        case .totalCommits: "total_commits"
        case .headCommit: "head_commit"
        case .headCommitMessage: "head_commit.message"
        case .commit: "commit"
        case .commitMessage: "commit.message"
        case .changes: "changes"
        case .changesBody: "changes.body"
        case .changesAddedLabels: "changes.added_labels"
        case .changesRemovedLabels: "changes.removed_labels"
        case .repository: "repository"
        case .repositoryID: "repository.id"
        case .repositoryName: "repository.full_name"
        case .repositoryDefaultBranch: "repository.default_branch"
        case .repositoryPrivate: "repository.private"
        case .repositoryArchived: "repository.archived"
        case .repositoryFork: "repository.fork"
        case .repositoryMirror: "repository.mirror"
        case .forkee: "forkee"
        case .forkeeID: "forkee.id"
        case .forkeeName: "forkee.full_name"
        case .sender: "sender"
        case .senderID: "sender.id"
        case .senderLogin: "sender.login"
        case .issue: "issue"
        case .issueID: "issue.id"
        case .issueNumber: "issue.number"
        case .issueTitle: "issue.title"
        case .issueBody: "issue.body"
        case .issueState: "issue.state"
        case .issueUpdatedAt: "issue.updated_at"
        case .issueUser: "issue.user"
        case .issueUserID: "issue.user.id"
        case .issueUserLogin: "issue.user.login"
        case .issueLabels: "issue.labels"
        case .issueAssignees: "issue.assignees"
        case .issueAssignee: "issue.assignee"
        case .issueAssigneeID: "issue.assignee.id"
        case .issueAssigneeLogin: "issue.assignee.login"
        case .issueMilestone: "issue.milestone"
        case .issueMilestoneTitle: "issue.milestone.title"
        case .issuePull: "issue.pull_request"
        case .issuePullMerged: "issue.pull_request.merged"
        case .issuePullDraft: "issue.pull_request.draft"
        case .comment: "comment"
        case .commentID: "comment.id"
        case .commentBody: "comment.body"
        case .commentUpdatedAt: "comment.updated_at"
        case .commentUser: "comment.user"
        case .commentUserID: "comment.user.id"
        case .commentUserLogin: "comment.user.login"
        case .pull: "pull_request"
        case .pullID: "pull_request.id"
        case .pullNumber: "pull_request.number"
        case .pullTitle: "pull_request.title"
        case .pullBody: "pull_request.body"
        case .pullState: "pull_request.state"
        case .pullUpdatedAt: "pull_request.updated_at"
        case .pullUser: "pull_request.user"
        case .pullUserID: "pull_request.user.id"
        case .pullUserLogin: "pull_request.user.login"
        case .pullLabels: "pull_request.labels"
        case .pullAssignees: "pull_request.assignees"
        case .pullAssignee: "pull_request.assignee"
        case .pullAssigneeID: "pull_request.assignee.id"
        case .pullAssigneeLogin: "pull_request.assignee.login"
        case .pullMilestone: "pull_request.milestone"
        case .pullMilestoneTitle: "pull_request.milestone.title"
        case .pullMerged: "pull_request.merged"
        case .pullDraft: "pull_request.draft"
        case .pullBase: "pull_request.base"
        case .pullBaseRef: "pull_request.base.ref"
        case .pullBaseSHA: "pull_request.base.sha"
        case .pullBaseRepoID: "pull_request.base.repo_id"
        case .pullBaseRepo: "pull_request.base.repo"
        case .pullBaseRepoInnerID: "pull_request.base.repo.id"
        case .pullHead: "pull_request.head"
        case .pullHeadRef: "pull_request.head.ref"
        case .pullHeadSHA: "pull_request.head.sha"
        case .pullHeadRepoID: "pull_request.head.repo_id"
        case .pullHeadRepo: "pull_request.head.repo"
        case .pullHeadRepoInnerID: "pull_request.head.repo.id"
        case .pullHeadRepoName: "pull_request.head.repo.full_name"
        case .pullHeadRepoOwner: "pull_request.head.repo.owner"
        case .pullHeadRepoOwnerID: "pull_request.head.repo.owner.id"
        case .pullHeadRepoOwnerLogin: "pull_request.head.repo.owner.login"
        case .pullHeadBranch: "pull_request.head_branch"
        case .pullBaseBranch: "pull_request.base_branch"
        case .pullBaseRepository: "pull_request.base_repo"
        case .pullBaseRepositoryID: "pull_request.base_repo.id"
        case .pullHeadRepository: "pull_request.head_repo"
        case .pullHeadRepositoryID: "pull_request.head_repo.id"
        case .pullHeadRepositoryName: "pull_request.head_repo.full_name"
        case .pullHeadRepositoryOwner: "pull_request.head_repo.owner"
        case .pullHeadRepositoryOwnerID: "pull_request.head_repo.owner.id"
        case .pullHeadRepositoryOwnerLogin: "pull_request.head_repo.owner.login"
        case .review: "review"
        case .reviewType: "review.type"
        case .reviewContent: "review.content"
        case .release: "release"
        case .releaseID: "release.id"
        case .releaseTag: "release.tag_name"
        case .releaseName: "release.name"
        case .releaseDraft: "release.draft"
        case .releasePrerelease: "release.prerelease"
        case .releaseAuthor: "release.author"
        case .releaseAuthorID: "release.author.id"
        case .releaseAuthorLogin: "release.author.login"
        case .package: "package"
        case .packageName: "package.name"
        case .packageType: "package.type"
        case .packageVersion: "package.version"
        case .workflow: "workflow"
        case .workflowID: "workflow.id"
        case .workflowName: "workflow.name"
        case .workflowRun: "workflow_run"
        case .workflowRunBranch: "workflow_run.head_branch"
        case .workflowRunSHA: "workflow_run.head_sha"
        case .workflowRunStatus: "workflow_run.status"
        case .workflowRunConclusion: "workflow_run.conclusion"
        case .workflowJob: "workflow_job"
        case .workflowJobBranch: "workflow_job.head_branch"
        case .workflowJobSHA: "workflow_job.head_sha"
        case .workflowJobStatus: "workflow_job.status"
        case .workflowJobConclusion: "workflow_job.conclusion"
        case .run: "run"
        case .runRepository: "run.repository"
        case .runRepositoryID: "run.repository.id"
        case .runRepositoryName: "run.repository.full_name"
        case .runRepositoryDefaultBranch: "run.repository.default_branch"
        case .runRepositoryPrivate: "run.repository.private"
        case .runRepositoryArchived: "run.repository.archived"
        case .runRepositoryFork: "run.repository.fork"
        case .runRepositoryMirror: "run.repository.mirror"
        case .runUser: "run.trigger_user"
        case .runUserID: "run.trigger_user.id"
        case .runUserLogin: "run.trigger_user.login"
        case .runSHA: "run.commit_sha"
        case .runStatus: "run.status"
        case .runWorkflow: "run.workflow_id"
        }
    }
}

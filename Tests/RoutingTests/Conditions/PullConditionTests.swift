import Foundation
import Testing

/// Where a pull request's changes come from, who is assigned, and which label changed.
@Suite
struct PullConditionTests {
    private static let fork =
        #"{"pull_request":{"head":{"ref":"lid","repo_id":9,"repo":{"id":9,"full_name":"ann/pot"}}}}"#

    static let heads = ConditionCase.table(
        #"""
        pull_request-opened | head_branch: pr1
        pull_request-opened | head_branch: "renovate/**" | head_branch is pr1, not renovate/**
        pull_request-opened | head_branch: { not: ["renovate/**", dependabot] }
        pull_request-opened {"pull_request":{"head":{"ref":"renovate/lid-2.x"}}} | head_branch: "renovate/*", branch: main
        pull_request_sync-synchronized | head_branch: pr1
        pull_request_comment-created | head_branch: pr1 | the event has no head_branch
        pull_request-opened | head_repository: labadmin/lab
        pull_request-opened | head_repository: [1, "x/*"]
        pull_request-opened | head_repository: { not: "labadmin/*" } | head_repository is labadmin/lab (1), and must not be labadmin/*
        pull_request-opened FORK | head_repository: "ann/*"
        pull_request-opened FORK | head_repository: 1 | head_repository is ann/pot (9), not id 1
        pull_request-opened {"pull_request":{"head":{"repo":null,"repo_id":"gone"}}} | head_repository: { not: "x/*" } | the event has no head_repository
        pull_request-opened | from_fork: false
        pull_request-opened | from_fork: true | from_fork is false, not true
        pull_request-opened FORK | from_fork: true
        pull_request-opened FORK | not: { from_fork: true } | from_fork is true, and must not be true
        pull_request-opened {"pull_request":{"head":{"repo":null,"repo_id":"gone"}}} | from_fork: false | the event has no from_fork
        issues-opened | from_fork: false | the event has no from_fork
        """#.replacing("FORK", with: fork)
    )

    static let assignees = ConditionCase.table(
        #"""
        issue_assign-assigned | assignee: bob
        issue_assign-assigned | assignee: [7, BOB]
        issue_assign-assigned | assignee: labadmin | assigned to bob (2), not labadmin
        issue_assign-assigned | assignee: { not: "*-bot" }
        pull_request_assign-assigned | assignee: 2, action: assigned
        pull_request_assign-assigned | assignee: { not: [2, 3] } | assigned to bob (2), and must not be id 2 or id 3
        issue_assign-unassigned {"issue":{"assignees":[],"assignee":null}} | assignee: bob | nobody is assigned, not bob
        issue_assign-unassigned {"issue":{"assignees":null,"assignee":null}} | assignee: { not: bob }
        issues-opened {"issue":{"assignees":null,"assignee":{"id":7,"login":"ann"}}} | assignee: 7
        issues-opened {"issue":{"assignees":[{"id":6,"login":"eve"},{"id":7,"login":"ann"}]}} | assignee: ann
        issues-opened {"issue":{"assignees":[{"login":"eve"}]}} | assignee: { not: 7 } | the event has no assignee
        push-branch | assignee: { not: 7 } | the event has no assignee
        """#
    )

    private static let added = #"{"changes":{"added_labels":[{"id":3,"name":"deploy"}]}}"#
    private static let removed = #"{"changes":{"removed_labels":[{"id":3,"name":"deploy"}]}}"#

    static let labels = ConditionCase.table(
        #"""
        issue_label-label_updated ADDED | label_added: deploy
        issue_label-label_updated ADDED | label_added: [x, { prefix: dep }]
        issue_label-label_updated ADDED | label_added: bug | label_added is 'deploy', not 'bug'
        issue_label-label_updated ADDED | label_added: { not: deploy } | label_added is 'deploy', and must not be 'deploy'
        issue_label-label_updated ADDED | label_removed: deploy | label_removed is none, not 'deploy'
        issue_label-label_updated REMOVED | label_removed: deploy
        issue_label-label_updated REMOVED | label_added: deploy | label_added is none, not 'deploy'
        pull_request_label-label_updated ADDED | label_added: deploy
        issue_label-label_updated | label_added: deploy | labels are 'bug', 'ui ✓', not 'deploy'
        issue_label-label_updated | label_added: { not: deploy }
        issue_label-label_updated | label_added: bug | the payload does not say which label changed
        issue_label-label_updated | label_added: { not: bug } | the payload does not say which label changed
        issue_label-label_updated | label_removed: deploy | the payload does not say which label changed
        issue_label-label_cleared | label_removed: { not: deploy } | the payload does not say which label changed
        push-branch | label_added: deploy | the event has no label_added
        """#.replacing("ADDED", with: added).replacing("REMOVED", with: removed)
    )

    @Test(arguments: heads + assignees + labels)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }
}

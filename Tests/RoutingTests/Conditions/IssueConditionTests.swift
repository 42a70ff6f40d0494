import Testing

/// Issues, pull requests and releases: action, texts, people, states.
@Suite
struct IssueConditionTests {
    static let actions = ConditionCase.table(
        #"""
        issues-opened | action: opened
        issues-opened-form | action: [opened, reopened]
        issues-opened | action: closed | action is opened, not closed
        issues-closed | action: closed
        issues-reopened | action: [opened, reopened]
        issues-edited | not: { action: [opened, closed] }
        issues-edited | not: { action: edited } | action is edited, and must not be edited
        issue_assign-assigned | action: assigned
        issue_assign-unassigned | action: unassigned
        issue_label-label_updated | action: label_updated
        issue_label-label_cleared | action: label_cleared
        issue_milestone-milestoned | action: milestoned
        issue_milestone-demilestoned | action: [milestoned, demilestoned]
        pull_request_assign-assigned | action: assigned
        pull_request_assign-unassigned | action: assigned | action is unassigned, not assigned
        pull_request_label-label_cleared | action: label_cleared
        pull_request_milestone-milestoned | action: milestoned
        pull_request_sync-synchronized | action: synchronized
        pull_request_review_rejected-reviewed | action: reviewed
        pull_request_review_request-review_requested | action: review_requested
        pull_request_review_request-review_request_removed | action: review_requested | action is review_request_removed, not review_requested
        release-published | action: published
        release-deleted | action: [published, updated] | action is deleted, not published or updated
        repository-created | action: created
        repository-deleted | action: deleted
        wiki-created | action: created
        wiki-edited | action: [created, edited]
        wiki-deleted | not: { action: deleted } | action is deleted, and must not be deleted
        push-branch | action: opened | the event has no action
        push-branch | not: { action: opened } | the event has no action
        fork | not: { action: opened } | the event has no action
        issues-opened {"action":"pinned"} | action: opened | action is pinned, not opened
        """#
    )

    static let titles = ConditionCase.table(
        #"""
        issues-edited | title: edited title
        issues-edited | title: edited | title is 'edited title', not 'edited'
        issues-edited | title: Edited title | title is 'edited title', not 'Edited title'
        issues-edited | title: { prefix: edited }
        issues-edited | title: { prefix: title } | title is 'edited title', not starting with 'title'
        issues-edited | title: { prefix: [x, edit] }
        issues-edited | title: { prefix: EDITED, ignore_case: true }
        issues-edited | title: { equals: Edited Title, ignore_case: true }
        issues-edited | title: { equals: [a, Edited], ignore_case: true } | title is 'edited title', not 'a' in any case or 'Edited' in any case
        issues-edited | title: { matches: "^EDITED", ignore_case: true }
        issues-edited | title: { prefix: TITLE, ignore_case: true } | title is 'edited title', not starting with 'TITLE' in any case
        issues-opened {"issue":{"title":" \u00a0[implement] the kettle"}} | title: { prefix: "[IMPLEMENT]", ignore_case: true }
        issues-opened {"issue":{"title":"\u200b [IMPLEMENT] the kettle"}} | title: { prefix: "[IMPLEMENT]" }
        issues-opened {"issue":{"title":"Re: [IMPLEMENT]"}} | title: { prefix: "[IMPLEMENT]", ignore_case: true } | title is 'Re: [IMPLEMENT]', not starting with '[IMPLEMENT]' in any case
        issues-opened {"issue":{"title":"\u212aettle"}} | title: { prefix: kettle, ignore_case: true } | title is 'Kettle', not starting with 'kettle' in any case
        issues-edited | title: { matches: "ed.*le$" }
        issues-edited | title: { matches: "^title" } | title is 'edited title', not matching '^title'
        issues-edited | title: { matches: "(?i)TITLE" }
        issues-edited | title: { prefix: edited, matches: "title$" }
        issues-edited | title: { prefix: edited, matches: "x" } | title is 'edited title', not matching 'x'
        issues-edited | title: { not: { prefix: "[WIP]" } }
        issues-edited | title: { not: { prefix: edited } } | title is 'edited title', and must not be starting with 'edited'
        issues-edited | title: [x, { prefix: edited }]
        issues-edited | title: [x, { not: { matches: "[0-9]" } }]
        issues-opened | title: { matches: "漢 .*<script>" }
        issues-opened | title: { matches: "ü" }
        issues-opened-form | title: { prefix: "Issue ü" }
        issues-opened {"issue":{"title":"[IMPLEMENT] the kettle"}} | title: { prefix: "[IMPLEMENT]" }
        issues-opened {"issue":{"title":" [IMPLEMENT] x"}} | title: { prefix: "[IMPLEMENT]" }
        issues-opened {"issue":{"title":"\u0041\u030a"}} | title: Å | title is 'Å', not 'Å'
        issues-opened {"issue":{"title":null}} | title: { not: x } | the event has no title
        issues-opened {"issue":{"title":"gone"}} | not: { title: x } | the event has no title
        pull_request-opened | title: { prefix: PR }
        pull_request-edited | title: PR one edited
        pull_request_comment-created | title: { prefix: PR }
        issue_comment-created | title: edited title
        issue_milestone-milestoned | title: edited title
        pull_request_review_comment-reviewed | title: { matches: "one" }
        release-published | title: Rel
        release-deleted | title: { matches: "^$" }
        push-branch | title: { not: x } | the event has no title
        wiki-created | title: x | the event has no title
        """#
    )

    static let labels = ConditionCase.table(
        #"""
        issue_label-label_updated | label: bug
        issue_label-label_updated | label: [x, ui ✓]
        issue_label-label_updated | label: Bug | labels are 'bug', 'ui ✓', not 'Bug'
        issue_label-label_updated | label: { prefix: ui }
        issue_label-label_updated | label: { matches: "^b.g$" }
        issue_label-label_updated | label: { not: wip }
        issue_label-label_updated | label: { not: bug } | labels are 'bug', 'ui ✓', and must not be 'bug'
        issue_label-label_updated | all: [{ label: bug }, { label: ui ✓ }]
        issue_label-label_updated | all: [{ label: bug }, { label: { not: x } }]
        issue_label-label_cleared | label: bug | there is no label, not 'bug'
        issue_label-label_cleared | label: { not: bug }
        issue_label-label_cleared {"issue":{"labels":null}} | label: { not: bug }
        pull_request_label-label_updated | label: bug
        pull_request_label-label_cleared | label: [bug, x]
        issues-opened | label: bug | there is no label, not 'bug'
        push-branch | label: { not: wip } | the event has no label
        release-published | label: x | the event has no label
        """#
    )

    static let milestones = ConditionCase.table(
        #"""
        issue_milestone-milestoned | milestone: m1
        issue_milestone-milestoned | milestone: m2 | milestone is 'm1', not 'm2'
        issue_milestone-milestoned | milestone: { prefix: m }
        issue_milestone-demilestoned | milestone: m2
        issues-opened | milestone: m1 | there is no milestone, not 'm1'
        issues-opened | milestone: { not: m1 }
        issues-opened | milestone: { not: { matches: "." } }
        pull_request-closed | milestone: m1
        pull_request-reopened | milestone: { not: m1 } | milestone is 'm1', and must not be 'm1'
        pull_request-opened | milestone: { matches: "." } | there is no milestone, not matching '.'
        pull_request_milestone-milestoned | milestone: [m0, m1]
        push-branch | milestone: { not: m1 } | the event has no milestone
        """#
    )

    static let people = ConditionCase.table(
        #"""
        issues-opened | author: labadmin
        issues-opened | author: LabAdmin
        issues-opened | author: 1
        issues-opened | author: [2, 3] | author is labadmin (1), not id 2 or id 3
        issues-opened | author: { not: 2 }
        issues-opened | author: { not: [1, bob] } | author is labadmin (1), and must not be id 1 or bob
        issues-opened | author: "lab*"
        issues-opened | author: "*-bot" | author is labadmin (1), not *-bot
        issues-opened {"issue":{"user":null}} | author: { not: 2 } | the event has no author
        issues-opened {"issue":{"user":{"id":-1,"login":"Ghost"}}} | author: -1
        issues-opened {"issue":{"user":{"id":"gone"}}} | author: [2, labadmin]
        issues-opened {"issue":{"user":{"id":"gone"}}} | author: { not: [2, bob] } | the event has no author
        pull_request_review_approved-reviewed | author: labadmin
        pull_request_review_approved-reviewed | sender: bob
        pull_request_review_approved-reviewed | sender: labadmin | sender is bob (2), not labadmin
        pull_request_review_comment-reviewed | sender: 2
        pull_request_comment-edited | author: 1
        issue_comment-deleted | author: 1
        release-published {"release":{"author":{"id":7,"login":"ann"}}} | author: 7
        push-branch | author: { not: 7 } | the event has no author
        push-branch | sender: [1, 2]
        push-branch | sender: "1" | sender is labadmin (1), not the name '1'
        push-branch {"sender":null} | sender: { not: 2 } | the event has no sender
        fork | sender: 2
        fork | sender: { not: bob } | sender is bob (2), and must not be bob
        """#
    )

    static let states = ConditionCase.table(
        #"""
        issue_comment-created | is_pull: false
        issue_comment-created | is_pull: true | is_pull is false, not true
        issues-opened | not: { is_pull: true }
        pull_request_comment-created | is_pull: true
        pull_request_comment-edited | not: { is_pull: true } | is_pull is true, and must not be true
        pull_request_assign-assigned | is_pull: true
        pull_request_review_request-review_requested | is_pull: true
        push-branch | is_pull: false | the event has no is_pull
        pull_request-closed | merged: false
        pull_request-closed | merged: true | merged is false, not true
        pull_request-closed {"pull_request":{"merged":true}} | merged: true
        pull_request-closed {"pull_request":{"merged":true}} | action: closed, merged: true
        pull_request-closed {"pull_request":{"merged":"gone"}} | merged: false | the event has no merged
        issues-closed | merged: false | the event has no merged
        pull_request-opened {"pull_request":{"draft":true}} | draft: true
        pull_request-opened {"pull_request":{"draft":false}} | draft: false
        pull_request-opened {"pull_request":{"draft":false}} | draft: true | draft is false, not true
        pull_request-opened {"pull_request":{"draft":"gone"}} | not: { draft: true } | the event has no draft
        pull_request_comment-created {"issue":{"pull_request":{"draft":true}}} | draft: true
        release-published | draft: false | the event has no draft
        push-test-delivery | test: true
        push-test-delivery | test: false | test is true, not false
        push-branch | test: false
        push-branch | test: true | test is false, not true
        issues-opened | test: false
        issues-opened | not: { test: true }
        """#
    )

    @Test(arguments: actions + titles + labels + milestones + people + states)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }
}

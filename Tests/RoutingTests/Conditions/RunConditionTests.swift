import Foundation
import Testing

/// Runs, commit statuses, commit messages, and what of a delivery is no part of its payload.
@Suite
struct RunConditionTests {
    static let runs = ConditionCase.table(
        #"""
        workflow_run-completed | conclusion: cancelled
        workflow_run-completed | conclusion: [failure, cancelled]
        workflow_run-completed | conclusion: failure | conclusion is 'cancelled', not 'failure'
        workflow_run-completed | conclusion: { not: success }
        workflow_run-completed | conclusion: { not: cancelled } | conclusion is 'cancelled', and must not be 'cancelled'
        workflow_run-completed {"workflow_run":{"conclusion":"failure"}} | action: completed, conclusion: failure, branch: default
        workflow_run-requested | conclusion: { not: success } | the event has no conclusion
        workflow_run-completed | status: completed
        workflow_run-requested | status: queued
        workflow_run-requested | status: completed | status is 'queued', not 'completed'
        workflow_run-completed | workflow: t
        workflow_run-completed | workflow: t.yml
        workflow_run-completed | workflow: [build.yml, { prefix: "t." }]
        workflow_run-completed | workflow: build | workflow is 't', 't.yml', not 'build'
        workflow_run-completed | workflow: { not: t.yml } | workflow is 't', 't.yml', and must not be 't.yml'
        workflow_run-completed {"workflow":null} | workflow: { not: t } | the event has no workflow
        workflow_job-completed | conclusion: cancelled, status: completed
        workflow_job-completed | workflow: t | the event has no workflow
        status-error | status: error
        status-error | status: [failure, error], context: { prefix: ci/ }
        status-error | context: ci/build | context is 'ci/lab', not 'ci/build'
        status-pending | context: { not: { prefix: ci/ } }
        status-pending | status: success | status is 'pending', not 'success'
        status-error | conclusion: failure | the event has no conclusion
        push-branch | status: success | the event has no status
        issues-opened | not: { context: x } | the event has no context
        """#
    )

    static let messages = ConditionCase.table(
        #"""
        push-branch | message: { not: { matches: '\[skip ci\]|\[ci skip\]' } }
        push-branch {"head_commit":{"message":"polish the spout [skip ci]\n"}} | message: { not: { matches: '\[skip ci\]' } } | message is 'polish the spout [skip ci]
        push-branch {"head_commit":{"message":"feat: a lid"}} | message: { prefix: ["feat:", "fix:"] }
        push-tag | message: { prefix: "commit " }
        push-delete-tag | message: { not: x } | the event has no message
        push-branch {"head_commit":"gone","after":"ab","commits":[{"id":"cd","message":"no"},{"id":"ab","message":"yes"}]} | message: yes
        push-branch {"head_commit":"gone","commits":[]} | message: { not: x } | the event has no message
        push-branch {"head_commit":"gone","after":"ab","commits":[{"id":"cd"},{"message":"yes"},{"id":"ab"}]} | message: { not: x } | the event has no message
        status-error | message: { prefix: wf }
        issues-opened | message: { not: x } | the event has no message
        """#
    )

    static let origins = ConditionCase.table(
        #"""
        push-branch | source: default
        push-branch | source: [mirror, default]
        push-branch | source: mirror | source is 'default', not 'mirror'
        push-branch | source: { not: mirror }
        push-branch | target_type: organization
        push-branch | target_type: system | target_type is 'organization', not 'system'
        push-branch | target_type: { not: repository }
        """#
    )

    @Test(arguments: runs + origins)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }

    @Test(arguments: messages)
    func `the message is that of the commit that was pushed last`(_ test: ConditionCase) throws {
        let result = try test.result()
        #expect(test.reason.isEmpty ? result.isEmpty : result.hasPrefix(test.reason), "\(result)")
    }
}

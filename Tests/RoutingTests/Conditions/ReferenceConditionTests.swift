import Foundation
import Testing

@testable import Routing

/// Branches, tags, what happens to them, and changed paths.
@Suite
struct ReferenceConditionTests {
    static let branches = ConditionCase.table(
        #"""
        push-branch | branch: pr1
        push-branch | branch: [main, pr1]
        push-branch | branch: main | branch is pr1, not main
        push-branch | branch: default | branch is pr1, not the default branch
        push-branch | branch: { not: default }
        push-branch | branch: { not: [default, pr1] } | branch is pr1, and must not be the default branch or pr1
        push-branch | branch: [default, { not: pr2 }]
        push-branch | branch: { not: { not: pr1 } }
        push-branch | branch: "pr*"
        push-branch | branch: "pr[0-9]"
        push-branch | branch: "pr[!1]" | branch is pr1, not pr[!1]
        push-branch | branch: "p?1"
        push-branch | branch: "p?" | branch is pr1, not p?
        push-branch | branch: "{main,pr1}"
        push-branch | branch: "*"
        push-branch | branch: "**"
        push-branch | branch: PR1 | branch is pr1, not PR1
        push-branch {"ref":"refs/heads/feature/a"} | branch: "feature/*"
        push-branch {"ref":"refs/heads/feature/a/b"} | branch: "feature/*" | branch is feature/a/b, not feature/*
        push-branch {"ref":"refs/heads/feature/a/b"} | branch: "feature/**"
        push-branch {"ref":"refs/heads/feature"} | branch: "feature/**" | branch is feature, not feature/**
        push-branch {"ref":"refs/heads/feature/a"} | branch: "*" | branch is feature/a, not *
        push-branch {"ref":"refs/heads/release/ü"} | branch: "release/?"
        push-branch {"repository":{"default_branch":"pr1"}} | branch: default
        push-branch {"repository":{"default_branch":"gone"}} | branch: default | the payload does not name the default branch
        push-branch {"repository":{"default_branch":null}} | branch: { not: default } | the payload does not name the default branch
        push-branch {"repository":{"default_branch":null}} | branch: [default, pr1]
        push-default-branch | branch: default
        push-branch {"ref":"refs/heads/cafe\u0301","repository":{"default_branch":"caf\u00e9"}} | branch: { not: default }
        push-branch {"ref":"refs/heads/caf\u00e9","repository":{"default_branch":"caf\u00e9"}} | branch: default
        push-default-branch | branch: { not: default } | branch is main, and must not be the default branch
        push-35-commits | branch: default
        push-new-branch | branch: { not: default }
        push-test-delivery | branch: main
        push-tag | branch: default | refs/tags/api-tag is not a branch
        push-tag | branch: { not: default } | refs/tags/api-tag is not a branch
        push-tag-form | branch: { not: x } | refs/tags/api-tag is not a branch
        push-delete-tag | not: { branch: x } | refs/tags/api-tag is not a branch
        create-branch | branch: fp
        create-tag | branch: { not: fp } | refs/tags/api-tag is not a branch
        delete-branch | branch: "f*"
        delete-tag | branch: "**" | refs/tags/api-tag is not a branch
        pull_request-opened | branch: default
        pull_request-opened | branch: pr1 | branch is main, not pr1
        pull_request-closed | branch: { not: default } | branch is main, and must not be the default branch
        pull_request_sync-synchronized | branch: main
        pull_request_review_approved-reviewed | branch: main
        pull_request_comment-created | branch: main | the event has no branch
        issues-opened | branch: { not: main } | the event has no branch
        release-published | branch: main | the event has no branch
        """#
    )

    static let tags = ConditionCase.table(
        #"""
        push-tag | tag: api-tag
        push-tag | tag: "api-*"
        push-tag | tag: { not: "v*" }
        push-tag | tag: "v*" | tag is api-tag, not v*
        push-tag-form | tag: [x, api-tag]
        push-delete-tag | tag: api-tag
        create-tag | tag: api-tag
        create-branch | tag: fp | refs/heads/fp is not a tag
        delete-tag | tag: "**"
        delete-branch | tag: { not: x } | refs/heads/fp is not a tag
        push-branch | tag: pr1 | refs/heads/pr1 is not a tag
        release-published | tag: "v[0-9]*.[0-9]*"
        release-updated | tag: v1.0
        release-deleted | tag: "v*" | tag is api-tag, not v*
        wiki-created | tag: x | the event has no tag
        """#
    )

    static let changes = ConditionCase.table(
        #"""
        push-new-branch | ref: created
        push-tag | ref: created
        push-branch | ref: updated
        push-branch | ref: created | ref is updated, not created
        push-branch | ref: [created, deleted] | ref is updated, not created or deleted
        push-branch | not: { ref: deleted }
        push-delete-tag | ref: deleted
        push-delete-tag | not: { ref: deleted } | ref is deleted, and must not be deleted
        push-test-delivery | ref: updated | ref is unchanged, not updated
        create-branch | ref: created
        create-tag | ref: created
        delete-branch | ref: deleted
        delete-tag | ref: [updated, deleted]
        delete-tag | ref: updated | ref is deleted, not updated
        issues-opened | ref: created | the event is about no branch or tag
        issues-opened | not: { ref: created } | the event is about no branch or tag
        push-branch {"after":"0000000000000000000000000000000000000000000000000000000000000000"} | ref: deleted
        """#
    )

    static let paths = ConditionCase.table(
        #"""
        push-branch | paths: pr2.txt
        push-branch | paths: "*.txt"
        push-branch | paths: "**/*.txt"
        push-branch | paths: [docs/**, "*.txt"]
        push-branch | paths: "docs/**" | no changed path is docs/**
        push-branch | paths: { not: "docs/**" }
        push-branch | paths: { not: "*.txt" } | a changed path is *.txt
        push-branch | paths: { outside: "docs/**" }
        push-branch | paths: { outside: "*.txt" } | no changed path is outside of *.txt
        push-branch | not: { paths: "docs/**" }
        push-branch {"commits":[{"added":["docs/a/b.md"],"removed":null,"modified":[]}]} | paths: "docs/**"
        push-branch {"commits":[{"added":[],"removed":["docs/a/b.md"],"modified":null}]} | paths: "docs/*" | no changed path is docs/*
        push-branch {"commits":[{"added":[],"removed":["x"],"modified":["y"]},{"added":["z"]}]} | paths: z
        push-branch {"total_commits":2} | paths: "docs/**" | ~ the push does not list all of its commits, so it may change more paths
        push-branch {"total_commits":2} | paths: { not: "docs/**" } | the push does not list all of its commits, so it may change more paths, perhaps docs/**
        push-branch {"total_commits":"gone"} | paths: "docs/**" | ~ the push does not list all of its commits, so it may change more paths
        push-default-branch | paths: a.txt
        push-35-commits | paths: f34.txt
        push-35-commits | paths: f1.txt | ~ the push does not list all of its commits, so it may change more paths
        push-35-commits | not: { paths: f34.txt } | a changed path is f34.txt
        push-35-commits | not: { paths: f1.txt } | the push does not list all of its commits, so it may change more paths, perhaps f1.txt
        push-new-branch | paths: pr.txt
        push-new-branch | paths: "docs/**" | ~ the branch is new, so the push may change more paths than it lists
        push-test-delivery | paths: "docs/**" | no changed path is docs/**
        push-branch {"commits":[],"total_commits":0} | paths: "docs/**" | ~ the push goes back to an older commit, so it may change any path
        push-branch {"commits":null,"total_commits":0} | paths: { not: "docs/**" } | the push goes back to an older commit, so it may change any path, perhaps docs/**
        push-branch {"commits":[{"added":["a.md","README.md"]}]} | paths: "{**/*.md,docs/**}"
        push-branch {"commits":[{"added":["cafe\u0301"]}]} | any: [{ paths: "caf\u00e9" }, { paths: "cafe\u0301" }]
        push-branch {"commits":[{"added":["docs/x"]}]} | any: [{ paths: { outside: "docs/**" } }, { paths: "docs/**" }]
        push-35-commits | any: [{ all: [{ paths: f1.txt }, { branch: x }] }, { test: false }]
        push-35-commits | any: [{ paths: f1.txt, branch: main }, { test: true }] | ~ the push does not list all of its commits, so it may change more paths
        push-tag | paths: "**" | refs/tags/api-tag is not a branch
        push-delete-tag | paths: { not: "**" } | refs/tags/api-tag is not a branch
        create-branch | paths: "**" | the event has no changed paths
        issues-opened | not: { paths: "**" } | the event has no changed paths
        """#
    )

    /// Paths that are too many, and too long.
    private static let large = [
        (0..<Limits.changedPathsMax + 1).map { "src/\($0).c" },
        [String(repeating: "x", count: Limits.changedPathsBytesMax + 1)],
    ]

    private static func push(_ paths: [String], _ condition: String) throws -> ConditionCase {
        let commits = ["commits": [["added": paths]]]
        let patch = try JSONSerialization.data(
            withJSONObject: commits,
            options: .withoutEscapingSlashes
        )
        return ConditionCase(
            "push-branch \(String(decoding: patch, as: UTF8.self)) | \(condition)"
        )
    }

    @Test(arguments: large)
    func `more paths than are looked at may be any`(paths: [String]) throws {
        let unlisted = "the push lists more paths than are looked at"
        for condition in ["paths: docs/**", "paths: { outside: src/** }"] {
            #expect(try Self.push(paths, condition).result() == "~ \(unlisted)")
        }
        let opposite = try Self.push(paths, "not: { paths: docs/** }").result()
        #expect(opposite == "\(unlisted), perhaps docs/**")
    }

    @Test
    func `as many paths as are looked at are all looked at`() throws {
        let paths = Self.large[0].dropLast()
        let none = try Self.push(Array(paths), "paths: docs/**").result()
        #expect(none == "no changed path is docs/**")
        let last = Limits.changedPathsMax - 1
        #expect(try Self.push(Array(paths), "paths: src/\(last).c").result() == "")
        let long = String(repeating: "x", count: Limits.changedPathsBytesMax)
        #expect(try Self.push([long], "paths: { outside: docs/** }").result() == "")
    }

    @Test(arguments: branches + tags + changes + paths)
    func `a condition holds, or says on which value it failed`(_ test: ConditionCase) throws {
        #expect(try test.result() == test.reason)
    }
}

package import FoundationEssentials

/// Small payloads in Gitea's shape, made up, for trying out a pipeline.
///
/// The repository is `samovar/sample`, the sender `samovar`, with ids that a small server does not
/// have: a route that asks for a repository or a user does not mistake a sample for real work.
package enum SamplePayload {
    /// The event types there is a payload for.
    package static let eventTypes = [
        "push", "create", "delete", "issues", "issue_comment", "pull_request",
        "pull_request_comment", "release", "repository",
    ]

    /// A payload, pretty-printed as Gitea does it.
    ///
    /// - Parameters:
    ///   - eventType: one of `eventTypes`.
    ///   - stamp: text that differs each time, so that no payload is a repeat of an earlier one.
    ///     It becomes the last field, `samovar_send`.
    /// - Returns: the payload; nil for a type that is not in `eventTypes`.
    package static func body(eventType: String, stamp: String) -> Data? {
        guard case .object(var fields) = payload(eventType) else { return nil }
        fields.append((name: "samovar_send", value: .string(stamp)))
        // Gitea indents this one type by a single space.
        let indent = eventType == "repository" ? 1 : 2
        return Data(JSONTree.object(fields).text(indent: indent))
    }

    private static func payload(_ eventType: String) -> JSONTree? {
        switch eventType {
        case "push": push
        case "create": create
        case "delete": delete
        case "issues": issues
        case "issue_comment": comment(isPull: false)
        case "pull_request": pullRequestOpened
        case "pull_request_comment": comment(isPull: true)
        case "release": release
        case "repository": repositoryCreated
        default: nil
        }
    }
}

// MARK: - Git

extension SamplePayload {
    private static let before = "1f0d8a52c7b94e6335ad07e19c428bf6d3a7105e"
    private static let after = "83c5e2b07a4d91f6408be37d5ca10f92e6b84d17"

    private static var push: JSONTree {
        [
            "ref": "refs/heads/main",
            "before": .string(before),
            "after": .string(after),
            "compare_url": .string("\(site)/samovar/sample/compare/\(before)...\(after)"),
            "commits": [commit],
            "total_commits": 1,
            "head_commit": commit,
            "repository": repository,
            "pusher": user,
            "sender": user,
        ]
    }

    private static var create: JSONTree {
        [
            "sha": .string(after),
            "ref": "sample-branch",
            "ref_type": "branch",
            "repository": repository,
            "sender": user,
        ]
    }

    private static var delete: JSONTree {
        [
            "ref": "sample-branch",
            "ref_type": "branch",
            "pusher_type": "user",
            "repository": repository,
            "sender": user,
        ]
    }

    private static var commit: JSONTree {
        let author: JSONTree = [
            "name": "Samovar", "email": "samovar@example.invalid", "username": "samovar",
        ]
        return [
            "id": .string(after),
            "message": "Put the kettle on\n",
            "url": .string("\(site)/samovar/sample/commit/\(after)"),
            "author": author,
            "committer": author,
            "verification": nil,
            "timestamp": .string(time),
            "added": ["tea.txt"],
            "removed": [],
            "modified": ["README.md"],
        ]
    }
}

// MARK: - Issues and pull requests

extension SamplePayload {
    private static var issues: JSONTree {
        [
            "action": "opened",
            "number": 7,
            "issue": issue(7, isPull: false),
            "repository": repository,
            "sender": user,
            "commit_id": "",
        ]
    }

    private static func comment(isPull: Bool) -> JSONTree {
        let number: Int64 = isPull ? 8 : 7
        let page = "\(site)/samovar/sample/\(isPull ? "pulls" : "issues")/\(number)"
        return [
            "action": "created",
            "issue": issue(number, isPull: isPull),
            "comment": [
                "id": 1_000_005,
                "html_url": .string("\(page)#issuecomment-1000005"),
                "pull_request_url": .string(isPull ? page : ""),
                "issue_url": .string(isPull ? "" : page),
                "user": user,
                "body": "A comment to try the pipeline with.",
                "created_at": .string(time),
                "updated_at": .string(time),
            ],
            "repository": repository,
            "sender": user,
            "is_pull": .boolean(isPull),
        ]
    }

    private static var pullRequestOpened: JSONTree {
        [
            "action": "opened",
            "number": 8,
            "pull_request": pullRequest,
            "requested_reviewer": nil,
            "repository": repository,
            "sender": user,
            "commit_id": "",
            "review": nil,
        ]
    }

    private static func issue(_ number: Int64, isPull: Bool) -> JSONTree {
        let kind = isPull ? "pulls" : "issues"
        let pullRequest: JSONTree = ["merged": false, "merged_at": nil, "draft": false]
        return [
            "id": .number(1_000_000 + number),
            "url": .string("\(site)/api/v1/repos/samovar/sample/issues/\(number)"),
            "html_url": .string("\(site)/samovar/sample/\(kind)/\(number)"),
            "number": .number(number),
            "user": user,
            "title": "A sample",
            "body": "Sent by `samovar send`; no such thing exists in Gitea.",
            "labels": [],
            "milestone": nil,
            "assignee": nil,
            "assignees": nil,
            "state": "open",
            "is_locked": false,
            "comments": 0,
            "created_at": .string(time),
            "updated_at": .string(time),
            "closed_at": nil,
            "due_date": nil,
            "pull_request": isPull ? pullRequest : nil,
        ]
    }

    private static var pullRequest: JSONTree {
        [
            "id": 1_000_008,
            "url": .string("\(site)/samovar/sample/pulls/8"),
            "html_url": .string("\(site)/samovar/sample/pulls/8"),
            "number": 8,
            "user": user,
            "title": "A sample",
            "body": "Sent by `samovar send`; no such thing exists in Gitea.",
            "labels": [],
            "milestone": nil,
            "assignees": nil,
            "state": "open",
            "draft": false,
            "mergeable": true,
            "merged": false,
            "base": branch("main", before),
            "head": branch("sample-branch", after),
            "merge_base": .string(before),
            "created_at": .string(time),
            "updated_at": .string(time),
        ]
    }

    private static func branch(_ name: String, _ commit: String) -> JSONTree {
        [
            "label": .string(name),
            "ref": .string(name),
            "sha": .string(commit),
            "repo_id": 1_000_001,
            "repo": repository,
        ]
    }
}

// MARK: - Repositories and releases

extension SamplePayload {
    private static let site = "https://gitea.example.invalid"
    private static let time = "2026-01-02T03:04:05Z"

    private static var release: JSONTree {
        [
            "action": "published",
            "release": [
                "id": 1_000_003,
                "tag_name": "v1.0",
                "target_commitish": "main",
                "name": "Sample 1.0",
                "body": "Hot water.",
                "url": .string("\(site)/api/v1/repos/samovar/sample/releases/1000003"),
                "html_url": .string("\(site)/samovar/sample/releases/tag/v1.0"),
                "draft": false,
                "prerelease": false,
                "created_at": .string(time),
                "published_at": .string(time),
                "author": user,
                "assets": [],
            ],
            "repository": repository,
            "sender": user,
        ]
    }

    private static var repositoryCreated: JSONTree {
        [
            "action": "created",
            "repository": repository,
            "organization": user,
            "sender": user,
        ]
    }

    private static var repository: JSONTree {
        [
            "id": 1_000_001,
            "owner": user,
            "name": "sample",
            "full_name": "samovar/sample",
            "description": "Made up by samovar send",
            "empty": false,
            "private": false,
            "fork": false,
            "html_url": .string("\(site)/samovar/sample"),
            "url": .string("\(site)/api/v1/repos/samovar/sample"),
            "clone_url": .string("\(site)/samovar/sample.git"),
            "default_branch": "main",
            "archived": false,
            "created_at": .string(time),
            "updated_at": .string(time),
            "object_format_name": "sha1",
        ]
    }

    private static var user: JSONTree {
        [
            "id": 1_000_002,
            "login": "samovar",
            "full_name": "",
            "email": "samovar@example.invalid",
            "html_url": .string("\(site)/samovar"),
            "is_admin": false,
            "active": false,
            "visibility": "public",
            "username": "samovar",
        ]
    }
}

import Testing

@testable import Settings

/// How `when` is read, and what is wrong with it.
@Suite
struct ConditionTests {
    @Test
    func `every key is read`() throws {
        let route = try route(
            """
            on: ["*"], when: { action: opened, is_pull: false, author: { not: [29, "*-bot"] },
                label: [bug, { prefix: kind/ }], title: { prefix: "[X]", matches: "x$" },
                repository: { name: "a/*", archived: false }, trust: [owner] }
            """
        )
        let author = Condition.author([.id(29), .login(try Glob("*-bot"))])
        #expect(
            route?.when
                == .all([
                    .action(["opened"]),
                    .fact(.isPull, false),
                    .all([.repository([.name(try Glob("a/*"))]), .fact(.archived, false)]),
                    .not(author),
                    .any([.label([.equals("bug")]), .label([.prefix("kind/")])]),
                    .all([.title([.prefix("[X]")]), .title([.matches(try Expression("x$"))])]),
                ])
        )
        #expect(route?.trust == [.owner])
    }

    @Test
    func `texts are compared in any case where that is wanted`() throws {
        let when = try route(
            "on: issues, when: { title: { prefix: '[X]', equals: '[x] y', ignore_case: true } }"
        )?.when
        #expect(
            when
                == .all([
                    .title([.equals("[x] y", ignoresCase: true)]),
                    .title([.prefix("[X]", ignoresCase: true)]),
                ])
        )
        let expression = try route(
            "on: issues, when: { label: { matches: '^a', ignore_case: true } }"
        )?.when
        #expect(expression == .label([.matches(try Expression("(?i)^a"))]))
        #expect(expression?.text == "label: matching '(?i)^a'")
    }

    static let texts: [(String, String)] = [
        ("{ branch: default }", "branch: the default branch"),
        ("{ branch: [default, v1] }", "branch: the default branch or v1"),
        ("{ branch: { not: default } }", "not (branch: the default branch)"),
        ("{ branch: [a, { not: [b, c] }] }", "any (branch: a | not (branch: b or c))"),
        ("{ test: false, ref: created }", "ref: created; test: false"),
        ("{ tag: 1.10 }", "tag: 1.10"),
        ("{ branch: no }", "branch: no"),
        ("{ paths: { outside: [a, b] } }", "paths: outside of a or b"),
        (
            "{ time: { from: 08:00, to: 18:30, days: [fri, mon], zone: Europe/Berlin } }",
            "time: mon, fri 08:00 to 18:30 Europe/Berlin"
        ),
        ("{ time: { from: 08:00, to: 09:00 } }", "time: 08:00 to 09:00 UTC"),
        ("{ time: { days: mon, zone: UTC } }", "time: mon UTC"),
        ("{ not: [{ branch: a }, { ref: deleted }] }", "not (any (branch: a | ref: deleted))"),
        (
            "{ any: [{ branch: a }, { tag: b, ref: deleted }] }",
            "any (branch: a | ref: deleted; tag: b)"
        ),
        ("{ sender: [29, '29', -2] }", "sender: id 29 or the name '29' or id -2"),
        ("{ message: { not: { matches: 'x$' } } }", "not (message: matching 'x$')"),
        ("{ target_type: [user, system] }", "target_type: 'user' or 'system'"),
    ]

    static let otherTexts: [(String, String)] = [
        ("pull_request, when: { head_branch: 'renovate/*' }", "head_branch: renovate/*"),
        ("pull_request, when: { from_fork: false }", "from_fork: false"),
        (
            "pull_request, when: { head_repository: { not: [a/b, 7] } }",
            "not (head_repository: a/b or id 7)"
        ),
        ("issues, when: { assignee: [29, bob] }", "assignee: id 29 or bob"),
        ("issue_label, when: { label_added: deploy }", "label_added: 'deploy'"),
        (
            "workflow_run, when: { workflow: ci.yml, conclusion: failure }",
            "conclusion: 'failure'; workflow: 'ci.yml'"
        ),
        (
            "status, when: { status: [failure, error], context: { prefix: ci/ } }",
            "status: 'failure' or 'error'; context: starting with 'ci/'"
        ),
    ]

    @Test(arguments: otherTexts)
    func `a condition of other events is shown on one line`(on: String, text: String) throws {
        #expect(try route("on: \(on)")?.when.text == text)
    }

    @Test(arguments: texts)
    func `a condition is shown on one line`(when: String, text: String) throws {
        #expect(try route("on: push, when: \(when)")?.when.text == text)
    }

    @Test
    func `commands are read`() throws {
        #expect(
            try route("on: issue_comment, when: { command: /approve }")?.when
                == .command(CommandTest(["/approve"]))
        )
        #expect(
            try route("on: issue_comment, when: { command: { name: [/a, /b c], edited: true } }")?
                .when == .command(CommandTest(["/a", "/b c"], countsEdited: true))
        )
        let globs = [try Glob("staging"), try Glob("prod-*")]
        let deploy = try route(
            "on: issues, when: { command: { name: /deploy, argument: [staging, 'prod-*'] } }"
        )
        #expect(deploy?.when == .command(CommandTest(["/deploy"], arguments: globs)))
        #expect(deploy?.when.text == "command: /deploy followed by staging or prod-*")
        #expect(
            try route("on: issues, when: { command: { name: lgtm, ignore_case: true } }")?.when
                == .command(CommandTest(["lgtm"], ignoresCase: true))
        )
    }

    // MARK: Mistakes

    /// What stands behind `on: `, and the message behind the place; the place is that of `@`.
    static let wrong: [(String, String)] = [
        (
            "push, when: { branch: @refs/heads/main }",
            ".branch must be a branch's name without refs/heads/, not 'refs/heads/main'"
        ),
        (
            "push, when: { branch: @[] }",
            ".branch must be a value or a list of values, not an empty list"
        ),
        (
            "push, when: { branch: @~ }",
            ".branch must be default, a name or pattern, a list of these, or {not: ...}, not empty"
        ),
        ("push, when: { branch: @{} }", ".branch.not is missing"),
        (
            "push, when: { branch: { not: a, @nott: b } }",
            "unknown key 'nott' in routes[0].when.branch; did you mean 'not'?"
        ),
        ("push, when: { branch: @'[a' }", ".branch is no pattern: '[a': '[' has no ']'"),
        (
            "push, when: { branch: @'[z-a]' }",
            ".branch is no pattern: '[z-a]': the range z-a is the wrong way round"
        ),
        (
            "push, when: { branch: { not: [b, @'{a' ] } }",
            ".branch.not[1] is no pattern: '{a': '{' has no '}'"
        ),
        (
            "push, when: { branch: @'a}' }",
            ".branch is no pattern: 'a}': '}' without its opening; write '\\}' for itself"
        ),
        ("push, when: { branch: @'a\\' }", ".branch is no pattern: 'a\\': it ends in '\\'"),
        (
            "push, when: { branch: @'[a/]' }",
            ".branch is no pattern: '[a/]': '/' cannot be in [...]"
        ),
        (
            "push, when: { tag: @refs/tags/v1 }",
            ".tag must be a tag's name without refs/tags/, not 'refs/tags/v1'"
        ),
        (
            "push, when: { paths: @/docs }",
            ".paths must be a path from the top of the repository, such as docs/**, not '/docs'"
        ),
        (
            "push, when: { paths: @docs/ }",
            ".paths must be a file's path: 'docs/**' is everything in the folder"
        ),
        (
            "push, when: { repository: @lab }",
            ".repository must be owner/name, not 'lab'; '*/lab' is of every owner, "
                + "'lab/*' are all of one"
        ),
        (
            "push, when: { repository: { id: @x/y } }",
            ".repository.id must be a numeric id, not 'x/y'"
        ),
        (
            "push, when: { repository: { @archivd: true } }",
            "unknown key 'archivd' in routes[0].when.repository; did you mean 'archived'?"
        ),
        (
            "push, when: { test: @yes }",
            ".test must be one of true, false, not 'yes'"
        ),
        (
            "push, when: { ref: @create }",
            ".ref must be one of created, updated, deleted, not 'create'; did you mean 'created'?"
        ),
        (
            "issues, when: { action: @opend }",
            ".action is an unknown action 'opend'; did you mean 'opened'?"
        ),
        (
            "issues, when: { action: [opened, @reopen] }",
            ".action[1] is an unknown action 'reopen'; did you mean 'reopened'?"
        ),
        (
            "issues, when: { title: { matches: @'(a' } }",
            ".title.matches is no expression: '(a': '(' has no ')', at character 3"
        ),
        (
            "issues, when: { title: { matches: @'a**' } }",
            ".title.matches is no expression: 'a**': a repetition cannot be repeated; "
                + "use (?:...), at character 3"
        ),
        (
            "issues, when: { title: { matches: @'(a)\\1' } }",
            ".title.matches is no expression: '(a)\\1': '\\1' is not supported, at character 4"
        ),
        (
            "issues, when: { title: { matches: @'(?=a)' } }",
            ".title.matches is no expression: '(?=a)': of '(?' only '(?:' is supported, "
                + "and '(?i)' at the very start, at character 2"
        ),
        (
            "issues, when: { title: { matches: @'(a{99}){99}' } }",
            ".title.matches is no expression: '(a{99}){99}': it is too long here, at character 8"
        ),
        (
            "issues, when: { title: { @prefx: a } }",
            "unknown key 'prefx' in routes[0].when.title; did you mean 'prefix'?"
        ),
        (
            "issues, when: { title: { prefix: @[] } }",
            ".title.prefix must be a text or a list of texts, not an empty list"
        ),
        (
            "issues, when: { title: @{ ignore_case: true } }",
            ".title needs one of equals, prefix, matches"
        ),
        (
            "issues, when: { title: { prefix: @' a' } }",
            ".title.prefix begins with white space, and texts are compared without it: ' a'"
        ),
        ("push, when: { all: @[] }", ".all is an empty list; name a condition or leave it out"),
        ("push, when: { any: @x }", ".any must be a list of conditions, not 'x'"),
        ("push, when: { not: @{} }", ".not must name a condition"),
        ("push, when: { any: [@{}, { branch: a }] }", ".any[0] must name a condition"),
        (
            "push, when: { any: [{ @brnch: a }] }",
            "unknown key 'brnch' in routes[0].when.any[0]; did you mean 'branch'?"
        ),
        (
            "push, when: { any: [{ @trust: owner }] }",
            "trust stands at the top of when alone: who it is may have to be asked, so a "
                + "condition cannot depend on it; make two routes"
        ),
        (
            "push, when: { time: { from: @8am, to: 18:00 } }",
            ".time.from must be a time of day such as \"08:00\", not '8am'"
        ),
        (
            "push, when: { time: { from: 08:00, to: @24:00 } }",
            ".time.to must be a time of day such as \"08:00\", not '24:00'"
        ),
        ("push, when: { time: @{ from: 08:00 } }", ".time.to is missing"),
        (
            "push, when: { time: { from: 08:00, to: @08:00 } }",
            ".time.to is the same as from: this never holds; leave out both for the whole day"
        ),
        ("push, when: { time: @{ zone: UTC } }", ".time needs from and to, or days"),
        (
            "push, when: { time: { days: [mon, @thursday] } }",
            ".time.days[1] must be one of mon, tue, wed, thu, fri, sat, sun, not 'thursday'; "
                + "did you mean 'thu'?"
        ),
        (
            "push, when: { time: { days: @fri-mon } }",
            ".time.days must be one of mon, tue, wed, thu, fri, sat, sun, not 'fri-mon'; "
                + "write [fri, sat, sun, mon]"
        ),
        (
            "push, when: { time: { days: @Monday } }",
            ".time.days must be one of mon, tue, wed, thu, fri, sat, sun, not 'Monday'; "
                + "did you mean 'mon'?"
        ),
        (
            "push, when: { ref: @{ not: deleted } }",
            ".ref takes no 'not'; write not: { ref: deleted }"
        ),
        (
            "issues, when: { action: @[closed, { not: [opened, edited] }] }",
            ".action takes no 'not'; write not: { action: [opened, edited] }"
        ),
        (
            "issue_comment, when: { command: @{ not: /approve } }",
            ".command takes no 'not'; write not: { command: /approve }"
        ),
        ("push, when: { test: @{ not: true } }", ".test takes no 'not'; write not: { test: true }"),
        (
            "push, when: { time: @{ not: { days: mon } } }",
            ".time takes no 'not'; write not: { time: ... }"
        ),
        (
            "push, when: { trust: @{ not: owner } }",
            ".trust takes no 'not': list the levels that it takes"
        ),
        (
            "push, when: { repository: @'*' }",
            ".repository must be owner/name, not '*'; '*/*' is every repository"
        ),
        (
            "push, when: { repository: @{} }",
            ".repository is empty: it may have name, id, archived, private, fork, mirror, not"
        ),
        (
            "push, when: { repository: @a/b/c }",
            ".repository must be owner/name, with one '/', not 'a/b/c'"
        ),
        (
            "issues, when: { author: @a/b }",
            ".author is never a user's name, which has no '/': 'a/b'"
        ),
        ("push, when: { sender: @0 }", ".sender is 0, which is nobody's id: ids begin at 1"),
        (
            "push, when: { branch: @a..b }",
            ".branch is no branch's name, and never fits: 'a..b' has '..' in it"
        ),
        (
            "push, when: { branch: @feature/ }",
            ".branch is no branch's name, and never fits: 'feature/' ends with '/'; "
                + "'feature/**' are all below"
        ),
        (
            "push, when: { tag: @v1 a }",
            ".tag is no tag's name, and never fits: 'v1 a' has a space in it"
        ),
        (
            "issues, when: { label: { @suffix: a } }",
            "unknown key 'suffix' in routes[0].when.label; it may have equals, prefix, "
                + "matches, ignore_case"
        ),
        (
            "push, when: { time: { days: mon, zone: @Europe/Berlim } }",
            ".time.zone must be a time zone such as Europe/Berlin, not 'Europe/Berlim'; "
                + "did you mean 'Europe/Berlin'?"
        ),
        (
            "issue_comment, when: { command: @'`x`' }",
            ".command cannot be a command: '`x`' has a sign that Markdown makes something of"
        ),
        (
            "issue_comment, when: { command: [/a, @'- b'] }",
            ".command[1] cannot be a command: '- b' has a sign that Markdown makes something of"
        ),
        (
            "issue_comment, when: { command: @'/deploy *' }",
            ".command is compared as it is, and a name takes no pattern: '/deploy *'; write "
                + "{ name: /deploy, argument: \"**\" }"
        ),
        (
            "issue_comment, when: { command: { name: @'*', argument: a } }",
            ".command.name is compared as it is, and a name takes no pattern: '*'; write "
                + "{ name: /deploy, argument: \"**\" }"
        ),
        (
            "issue_comment, when: { command: { name: /deploy, argument: @'[a' } }",
            ".command.argument is no pattern: '[a': '[' has no ']'"
        ),
        (
            "issue_comment, when: { command: { name: /deploy, argument: @[] } }",
            ".command.argument must be a text or pattern, or a list of these, not an empty list"
        ),
        (
            "issue_comment, when: { command: { name: /a, @words: /b } }",
            "unknown key 'words' in routes[0].when.command; it may have name, argument, "
                + "edited, ignore_case"
        ),
        (
            "issue_comment, when: { command: @' x' }",
            ".command must be one line without spaces around it, not ' x'"
        ),
        ("issue_comment, when: { command: @{ edited: true } }", ".command.name is missing"),
    ]

    static let wrongWords: [(String, String)] = [
        (
            "workflow_run, when: { conclusion: @sucess }",
            ".conclusion is an unknown word 'sucess'; did you mean 'success'?"
        ),
        (
            "status, when: { status: { not: [success, @fail] } }",
            ".status.not[1] is an unknown word 'fail'; did you mean 'failure'?"
        ),
        (
            "push, when: { target_type: @organisation }",
            ".target_type is an unknown word 'organisation'; did you mean 'organization'?"
        ),
        (
            "push, when: { source: @mirror }",
            ".source: there is no source 'mirror'; the sources are default"
        ),
        (
            "pull_request, when: { head_branch: @default }",
            ".head_branch takes names and patterns alone; '[d]efault' is a branch of that name"
        ),
        (
            "pull_request, when: { head_branch: @refs/heads/a }",
            ".head_branch must be a branch's name without refs/heads/, not 'refs/heads/a'"
        ),
        (
            "pull_request, when: { head_repository: @{ fork: true } }",
            ".head_repository must be owner/name, a pattern, a numeric id, a list of these, or "
                + "{not: ...}, not a mapping"
        ),
        (
            "pull_request, when: { from_fork: @{ not: true } }",
            ".from_fork takes no 'not'; write not: { from_fork: true }"
        ),
    ]

    @Test(arguments: wrong + wrongWords)
    func `what is no condition is an error with its place`(text: String, message: String) throws {
        #expect(try mistakes(at: text) == [Self.placed(message, in: text)])
    }

    // MARK: Never

    static let never: [(String, String)] = [
        (
            "push, when: { title: @x }",
            ".title: 'x' never holds for push; it can for issues, issue_assign, issue_label, "
                + "issue_milestone, issue_comment, pull_request, pull_request_assign, "
                + "pull_request_label, pull_request_milestone, pull_request_sync, "
                + "pull_request_comment, pull_request_review_request, "
                + "pull_request_review_approved, pull_request_review_rejected, "
                + "pull_request_review_comment, release"
        ),
        (
            "push, when: { action: @opened }",
            ".action: opened never holds for push; it can for issues, pull_request"
        ),
        (
            "issues, when: { action: @[opened, created] }",
            ".action: created never holds for issues; it can for issue_comment, "
                + "pull_request_comment, wiki, repository, package"
        ),
        (
            "issue_label, when: { action: @opened }",
            ".action: opened never holds for issue_label; it can for issues, pull_request"
        ),
        (
            "push, when: { not: { title: @x }, branch: a }",
            ".not.title: 'x' (under 'not') never holds for push; it can for issues, issue_assign, "
                + "issue_label, issue_milestone, issue_comment, pull_request, "
                + "pull_request_assign, pull_request_label, pull_request_milestone, "
                + "pull_request_sync, pull_request_comment, pull_request_review_request, "
                + "pull_request_review_approved, pull_request_review_rejected, "
                + "pull_request_review_comment, release"
        ),
        (
            "issues, when: { paths: @a }",
            ".paths: a never holds for issues; it can for push"
        ),
        (
            "issues, when: { ref: @created }",
            ".ref: created never holds for issues; it can for create, push"
        ),
        (
            "create, when: { ref: @deleted }",
            ".ref: deleted never holds for create; it can for delete, push"
        ),
        (
            "issue_comment, when: { is_pull: @true }",
            ".is_pull: true never holds for issue_comment; it can for pull_request, "
                + "pull_request_assign, pull_request_label, pull_request_milestone, "
                + "pull_request_sync, pull_request_comment, pull_request_review_request, "
                + "pull_request_review_approved, pull_request_review_rejected, "
                + "pull_request_review_comment"
        ),
        (
            "[issues, release], when: { test: @true }",
            ".test: true never holds for issues or release; it can for push"
        ),
        (
            "package, when: { repository: @a/b }",
            ".repository: a/b never holds for package; it can for create, delete, fork, push, "
                + "issues, issue_assign, issue_label, issue_milestone, issue_comment, "
                + "pull_request, pull_request_assign, pull_request_label, "
                + "pull_request_milestone, pull_request_sync, pull_request_comment, "
                + "pull_request_review_request, pull_request_review_approved, "
                + "pull_request_review_rejected, pull_request_review_comment, wiki, repository, "
                + "release, status, workflow_job, workflow_run, action_run_failure, "
                + "action_run_recover, action_run_success"
        ),
        (
            "push, when: { command: @/x }",
            ".command: /x never holds for push; it can for issues, issue_comment, pull_request, "
                + "pull_request_comment, pull_request_review_approved, "
                + "pull_request_review_rejected, pull_request_review_comment"
        ),
        (
            "push, when: { conclusion: @failure }",
            ".conclusion: 'failure' never holds for push; it can for workflow_job, workflow_run"
        ),
        (
            "workflow_job, when: { workflow: @ci.yml }",
            ".workflow: 'ci.yml' never holds for workflow_job; it can for workflow_run, "
                + "action_run_failure, action_run_recover, action_run_success"
        ),
        (
            "workflow_run, when: { context: @ci }",
            ".context: 'ci' never holds for workflow_run; it can for status"
        ),
        (
            "issues, when: { message: @a }",
            ".message: 'a' never holds for issues; it can for push, status"
        ),
        (
            "issues, when: { label_added: @deploy }",
            ".label_added: 'deploy' never holds for issues; it can for issue_label, "
                + "pull_request_label"
        ),
        (
            "push, when: { assignee: @bob }",
            ".assignee: bob never holds for push; it can for issues, issue_assign, issue_label, "
                + "issue_milestone, issue_comment, pull_request, pull_request_assign, "
                + "pull_request_label, pull_request_milestone, pull_request_sync, "
                + "pull_request_comment, pull_request_review_request, "
                + "pull_request_review_approved, pull_request_review_rejected, "
                + "pull_request_review_comment"
        ),
    ]

    @Test(arguments: never)
    func `what an event type never has is an error that names those that do`(
        text: String,
        message: String
    ) throws {
        #expect(try mistakes(at: text) == [Self.placed(message, in: text)])
    }

    static let contradicting: [(String, String)] = [
        ("push, when: { branch: a, tag: @b }", ".tag and routes[0].when.branch"),
        ("push, when: { ref: deleted, paths: @a }", ".paths and routes[0].when.ref"),
        ("push, when: { ref: created, test: @true }", ".test and routes[0].when.ref"),
        (
            "pull_request, when: { action: opened, merged: @true }",
            ".merged and routes[0].when.action"
        ),
        (
            "issues, when: { all: [{ action: opened }, { action: @closed }] }",
            ".all[1].action and routes[0].when.all[0].action"
        ),
        (
            "issues, when: { action: opened, not: { action: @opened } }",
            ".not.action and routes[0].when.action"
        ),
        (
            "issues, when: { all: [{ title: ab }, { title: @b }] }",
            ".all[1].title and routes[0].when.all[0].title"
        ),
        (
            "push, when: { branch: main, not: { branch: @'m*' } }",
            ".not.branch and routes[0].when.branch"
        ),
        (
            "push, when: { all: [{ branch: main }, { branch: @dev }] }",
            ".all[1].branch and routes[0].when.all[0].branch"
        ),
        (
            "push, when: { all: [{ tag: v1 }, { tag: @'w*' }] }",
            ".all[1].tag and routes[0].when.all[0].tag"
        ),
        (
            "push, when: { sender: 1, not: { sender: @[1, 2] } }",
            ".not.sender and routes[0].when.sender"
        ),
        (
            "push, when: { all: [{ repository: 1 }, { repository: @[2, 3] }] }",
            ".all[1].repository and routes[0].when.all[0].repository"
        ),
        (
            "push, when: { not: { any: [{ test: true }, { test: @false }] } }",
            ".not.any[1].test and routes[0].when.not.any[0].test"
        ),
        (
            "'*', when: { is_pull: true, paths: @a }",
            ".paths and routes[0].when.is_pull"
        ),
        ("push, when: { test: true, paths: @a }", ".paths and routes[0].when.test"),
        ("issues, when: { action: edited, command: @/a }", ".command and routes[0].when.action"),
        (
            "issues, when: { title: { prefix: @ab, equals: c, ignore_case: true } }",
            ".title.prefix and routes[0].when.title.equals"
        ),
        (
            "workflow_run, when: { action: requested, conclusion: @failure }",
            ".conclusion and routes[0].when.action"
        ),
        (
            "workflow_run, when: { all: [{ conclusion: failure }, { conclusion: @success }] }",
            ".all[1].conclusion and routes[0].when.all[0].conclusion"
        ),
        ("push, when: { ref: deleted, message: @a }", ".message and routes[0].when.ref"),
        (
            "pull_request, when: { head_branch: a, not: { head_branch: @a } }",
            ".not.head_branch and routes[0].when.head_branch"
        ),
        (
            "pull_request, when: { all: [{ head_repository: 1 }, { head_repository: @2 }] }",
            ".all[1].head_repository and routes[0].when.all[0].head_repository"
        ),
        (
            "push, when: { source: default, not: { source: @default } }",
            ".not.source and routes[0].when.source"
        ),
        (
            "issues, when: { title: { prefix: ab, matches: @'^c' } }",
            ".title.matches and routes[0].when.title.prefix"
        ),
        (
            "[push, issues], when: { branch: a, title: @b }",
            ".title and routes[0].when.branch"
        ),
    ]

    @Test(arguments: contradicting)
    func `conditions that never hold together are an error`(text: String, both: String) throws {
        let found = try mistakes(at: text)
        let start = Self.placed("\(both) never hold together", in: text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(start) == true, "\(found)")
    }

    static let possible = [
        "push, when: { any: [{ branch: main }, { tag: v1 }] }",
        "[push, issues], when: { any: [{ branch: main }, { title: x }] }",
        "'*', when: { action: opened }", "'*', when: { branch: main }",
        "'*', when: { title: x, action: opened }",
        "push, when: { all: [{ branch: default }, { branch: main }] }",
        "push, when: { all: [{ branch: 'm*' }, { branch: '*n' }] }",
        "push, when: { not: { branch: a, test: true } }",
        "push, when: { branch: { not: default } }", "push, when: { not: { ref: deleted } }",
        "issues, when: { all: [{ label: a }, { label: b }] }",
        "issues, when: { all: [{ label: a }, { not: { label: b } }] }",
        "issues, when: { all: [{ title: { prefix: a } }, { title: abc }] }",
        "pull_request, when: { action: closed, merged: true, draft: false }",
        "issue_comment, when: { command: /a, is_pull: false }",
        "[issues, pull_request], when: { command: /a, action: opened }",
        "pull_request_review_comment, when: { command: /a, action: reviewed }",
        "[issue_comment, pull_request_comment], when: { is_pull: true, action: created }",
        "push, when: { sender: [1, 2], not: { sender: 1 } }",
        "push, when: { sender: alice, not: { sender: 1 } }",
        "action_run_failure, when: { action: failure, repository: a/b }",
        "workflow_run, when: { action: completed, branch: main }",
        "push, when: {}", "push, when: { test: true, paths: { not: a } }",
        "'*', when: { source: default, target_type: organization }",
        "issues, when: { all: [{ assignee: a }, { assignee: b }] }",
        "workflow_run, when: { all: [{ workflow: ci }, { workflow: ci.yml }] }",
        "[workflow_run, status], when: { status: [completed, failure] }",
        "pull_request, when: { branch: main, head_branch: main, from_fork: true }",
        "issues, when: { title: { prefix: ab, matches: '^abc' } }",
        "issues, when: { title: { prefix: ab, matches: '^a?c' } }",
        "issues, when: { title: { prefix: ab, matches: '^x|b' } }",
        "issues, when: { title: { prefix: ab, matches: '(?i)^AB' } }",
        "push, when: { branch: ['feature/**', 'v[0-9]*', '{a/,b/}c', '**/x/y'] }",
        "push, when: { repository: ['a/**', '{a,b}/c', '**', '*/*'] }",
        "issues, when: { author: ['{a,b}', '**', a.b] }",
    ]

    @Test(arguments: possible)
    func `what can hold is taken`(text: String) throws {
        #expect(try mistakes(route: "on: \(text)").isEmpty)
    }

    static let warned: [(String, String?)] = [
        (
            "on: [push, issues], when: { title: a }",
            "routes[0].when.title never holds for push: take it out of 'on', or out of 'when' what it does not have"
        ),
        (
            "on: [push, issues, wiki], when: { title: a, sender: 1 }",
            "routes[0].when never holds for push or wiki: take it out of 'on', or out of 'when' what it does not have"
        ),
        (
            "on: push, when: { sender: 99999999999999999999 }",
            "routes[0].when.sender: '99999999999999999999' is no id, and is taken for a name; put a name of digits into quotes"
        ),
        (
            "on: push, when: { sender: 1.5 }",
            "routes[0].when.sender: '1.5' is no id, and is taken for a name; put a name of digits into quotes"
        ),
        (
            "on: workflow_run, when: { conclusion: neutral }",
            "routes[0].when.conclusion: this version does not know the word 'neutral'; it knows success, failure, cancelled, skipped"
        ),
        ("on: [push, issues], when: { any: [{ title: a }, { branch: b }] }", nil),
        ("on: '*', when: { title: a }", nil),
        ("on: push, when: { sender: ['1.5', -1, a1.5] }", nil),
    ]

    @Test(arguments: warned)
    func `what is partly dead, or perhaps not meant, is warned of`(
        line: String,
        warning: String?
    ) throws {
        #expect(try SettingsTests.warnings(route: line) == [warning].compactMap(\.self))
    }

    // MARK: Parts

    /// The mistakes of a route; `@` marks a place and is left out.
    private func mistakes(at text: String) throws -> [String] {
        try mistakes(route: "on: \(text.replacing("@", with: ""))")
    }

    private func mistakes(route text: String) throws -> [String] {
        try SettingsTests.mistakes(route: text)
    }

    private static func placed(_ message: String, in text: String) -> String {
        let before = text.prefix { $0 != "@" }.unicodeScalars.count
        let path = message.hasPrefix(".") ? "routes[0].when" : ""
        return "4:\(29 + before): \(path)\(message)"
    }
}

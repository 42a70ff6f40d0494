/// The files that `samovar init` makes.
enum StarterFile: CaseIterable {
    case secret
    case handler
    case store
    /// Comes last: where it is, everything is.
    case configuration

    /// Its name in the folder.
    var name: String {
        switch self {
        case .secret: "webhook.secret"
        case .handler: "show"
        case .store: "queue.db"
        case .configuration: "samovar.yaml"
        }
    }

    /// What it is for, in a few words.
    var purpose: String {
        switch self {
        case .secret: "the secret to enter in Gitea, readable by you alone"
        case .handler: "a first handler: prints one line for each delivery"
        case .store: "the queue"
        case .configuration: "the configuration"
        }
    }
}

/// What stands in them.
enum StarterText {
    /// The handler.
    ///
    /// It reads its standard input to the end, as every handler should: one that
    /// leaves while the job is still being written looks as if it had failed.
    static let handler = """
        #!/bin/sh
        # Prints one line for each delivery; routes in samovar.yaml say which it gets.
        # The job comes on standard input, as JSON.
        cat >/dev/null
        echo "${SAMOVAR_EVENT}${SAMOVAR_ACTION:+ $SAMOVAR_ACTION}: delivery ${SAMOVAR_DELIVERY}," \\
            "job ${SAMOVAR_JOB}, attempt ${SAMOVAR_ATTEMPT}"

        """

    /// The configuration.
    ///
    /// - Parameter secretID: the name of the secret, the month it was made in.
    /// - Returns: YAML with a line feed at its end.
    static func configuration(secretID: String) -> String {
        """
        # Samovar's configuration. Paths are relative to this file; `samovar check` validates it.
        # Routes, handlers and trust count some two seconds after it is saved, if it has no mistake.
        #
        # The lines that begin with #: are a pipeline to start from, switched off:
        #   1. Enter your id under trust: "id" in GET /api/v1/users/YOUR-NAME of your Gitea.
        #   2. Enter your programs under handlers.
        #   3. Take the #: away, from all of them (sed -i 's/^#://' FILE) or from some.
        #   4. `samovar check`, then `samovar routes test FILE` or `samovar routes list`.
        # A route with `mode: shadow` only records what it would do.

        store: \(StarterFile.store.name)

        ingress:
          listen: 127.0.0.1:8480    # where Gitea posts to
          health: 127.0.0.1:8481    # /healthz, /readyz, /metrics
          path: /hooks/gitea
          secrets:                  # all are accepted; the first is the one to enter in Gitea
            - { id: "\(secretID)", file: \(StarterFile.secret.name) }

        worker:
          slots: 8                  # jobs at the same time

        # Who is trusted without asking, by numeric id: names change hands. Events that bots cause
        # reach only routes that ask for them, so that no program answers itself. Who else may write
        # is asked of Gitea when a route says `trust: [owner, contributor]`: see `gitea` in
        # docs/CONTRACT.md.
        #:trust:
        #:  owners: [YOUR-ID]
        #:  bots: []

        # What can be run: a program and its arguments, never a shell line.
        handlers:
          show: { exec: [./\(StarterFile.handler.name)], timeout: 10s }
        #:  onboard: { exec: [./onboard], timeout: 2m }
        #:  ci: { exec: [./ci], timeout: 30m, concurrency: 2, retry: { attempts: 3 } }
        #:  agent: { exec: [./agent], timeout: 1h, concurrency: 1 }

        # What runs it: every matching route makes a job of its own. `on` is an event type such as
        # push, a list of them, or "*"; `when` is what else must hold (docs/ROUTES.md).
        routes:
          - { name: everything, on: "*", run: show }
          # The button "Test Delivery" below the hook: only routes that ask for it get what that sends.
          - { name: test-delivery, on: push, when: { test: true }, run: show }

        # A new repository gets its hooks, labels, protected branches.
        #:  - { name: onboard-repository, on: repository, when: { action: created }, run: onboard }

        # Pushes to other branches than the default one, one at a time for each branch. Tags are no
        # branches; a branch that is deleted has nothing to build.
        #:  - name: ci
        #:    on: push
        #:    when: { branch: { not: default }, ref: [created, updated] }
        #:    run: ci
        #:    lane: ref

        # An issue of yours whose title begins with [IMPLEMENT], or [implement].
        #:  - name: implement
        #:    on: issues
        #:    when: { action: opened, title: { prefix: "[IMPLEMENT]", ignore_case: true }, trust: [owner] }
        #:    run: agent
        #:    lane: issue
        #:    with: { action: IMPLEMENT }

        # A comment of yours with a line that says one of these and nothing else, behind no quotation,
        # code or link (docs/ROUTES.md, command).
        #:  - name: approve
        #:    on: [issue_comment, pull_request_comment]
        #:    when:
        #:      command: { name: [approve, approved, lgtm, go ahead, /approve], ignore_case: true }
        #:      trust: [owner]
        #:    run: agent
        #:    lane: issue
        #:    with: { action: APPROVED }

        """
    }
}

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

        store: \(StarterFile.store.name)

        ingress:
          listen: 127.0.0.1:8480    # where Gitea posts to
          health: 127.0.0.1:8481    # /healthz, /readyz, /metrics
          path: /hooks/gitea
          secrets:                  # all are accepted; the first is the one to enter in Gitea
            - { id: "\(secretID)", file: \(StarterFile.secret.name) }

        worker:
          slots: 8                  # jobs at the same time

        # What can be run: a program and its arguments, never a shell line.
        handlers:
          show: { exec: [./\(StarterFile.handler.name)], timeout: 10s }

        # What runs it: every matching route makes a job of its own. `on` is an event type such as
        # push, a list of them, or "*". Another route could be
        #   - { name: ci, on: push, when: { branch: default }, run: ci, lane: ref }
        routes:
          - { name: everything, on: "*", run: show }

        """
    }
}

import QueueCore

/// The environment of a handler: a few names let through, and what Samovar says.
///
/// Never a secret that the worker was given.
struct HandlerEnvironment {
    private static let letThrough: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR",
    ]

    /// What is the same for all attempts.
    private let base: [String]

    /// `names` are let through in addition; names that begin with SAMOVAR_ never are.
    ///
    /// `configuration` is the path of the file, so that a handler's `samovar` finds the same store.
    init(
        names: [String],
        inherited: [String: String],
        marks: HandlerMarks,
        configuration: String
    ) {
        let passed = inherited.filter { name, _ in
            (Self.letThrough.contains(name) || name.hasPrefix("LC_") || names.contains(name))
                && !name.hasPrefix("SAMOVAR_")
        }
        base =
            passed.map { "\($0)=\($1)" }.sorted()
            + marks.variables + ["SAMOVAR_CONFIG=\(configuration)"]
    }

    /// `NAME=value` for one attempt.
    func strings(_ job: ClaimedJob, action: String?, resultFile: String) -> [String] {
        base + [
            "SAMOVAR_DELIVERY=\(job.delivery.id)",
            "SAMOVAR_EVENT=\(job.delivery.eventType)",
            "SAMOVAR_ACTION=\(action ?? "")",
            "SAMOVAR_JOB=\(job.token.job)",
            "SAMOVAR_ATTEMPT=\(job.token.attempt)",
            "SAMOVAR_TOKEN=\(job.token)",
            "SAMOVAR_TRUST=\(job.trust ?? "")",
            "SAMOVAR_RESULT=\(resultFile)",
        ]
    }
}

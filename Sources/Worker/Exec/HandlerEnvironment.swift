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
            "SAMOVAR_ACTION=\(Self.bounded(action ?? ""))",
            "SAMOVAR_JOB=\(job.token.job)",
            "SAMOVAR_ATTEMPT=\(job.token.attempt)",
            "SAMOVAR_TOKEN=\(job.token)",
            "SAMOVAR_TRUST=\(job.trust ?? "")",
            "SAMOVAR_RESULT=\(resultFile)",
        ]
    }

    /// What of a text out of a payload may be in the environment.
    ///
    /// Linux executes no program with a variable of more than 128 KiB, and a NUL ends one: neither
    /// may kill a job, nor make one action look like another. The envelope has the whole of it.
    private static func bounded(_ text: String) -> String {
        let kept = text.unicodeScalars.prefix(scalarsMost).map { scalar in
            scalar == "\0" ? "\u{FFFD}" : Character(scalar)
        }
        return String(kept) + (text.unicodeScalars.count > scalarsMost ? "…" : "")
    }

    /// Gitea's longest action has 23 characters.
    private static let scalarsMost = 200
}

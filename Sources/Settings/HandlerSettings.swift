import Yams

/// What does jobs: a program or an HTTP service.
package struct HandlerSettings: Sendable, Equatable {
    /// The name by which routes and jobs refer to it.
    package var name: String

    /// What it is.
    package var kind: HandlerKind

    /// How long one attempt may take.
    package var timeout: Duration

    /// Jobs at the same time, over all workers.
    package var concurrency: Int

    /// How often and when a job that failed runs again.
    package var retry: RetrySettings

    /// A handler with the defaults for what is left out.
    package init(
        name: String,
        kind: HandlerKind,
        timeout: Duration = .seconds(600),
        concurrency: Int = 5,
        retry: RetrySettings = RetrySettings()
    ) {
        self.name = name
        self.kind = kind
        self.timeout = timeout
        self.concurrency = concurrency
        self.retry = retry
    }

    /// The program; nil for a service.
    package var exec: ExecSettings? {
        guard case .exec(let settings) = kind else { return nil }
        return settings
    }

    /// The service; nil for a program.
    package var http: HTTPSettings? {
        guard case .http(let settings) = kind else { return nil }
        return settings
    }
}

/// What kind of handler one is.
package enum HandlerKind: Sendable, Equatable {
    /// A program, started for each job.
    case exec(ExecSettings)

    /// A service, sent a request for each job.
    case http(HTTPSettings)
}

extension HandlerSettings {
    private static let keys = Keys(
        ["exec", "http", "timeout", "concurrency", "retry"] + ExecSettings.keys
    )

    /// Reads the section `handlers`, which may be absent.
    ///
    /// - Returns: the handlers without mistakes, and the names that routes may use: also those of
    ///   handlers with mistakes, nil when they cannot be told.
    static func all(_ setting: Setting?) -> (settings: [HandlerSettings], names: [String]?) {
        guard let setting else { return ([], []) }
        guard let pairs = setting.pairs() else { return ([], nil) }
        let settings = pairs.compactMap { pair -> HandlerSettings? in
            let key = Setting(node: pair.keyNode, path: "", reading: setting.reading)
            let isNamed = key.checkIdentifier(pair.key)
            let handler = HandlerSettings(pair.value, name: pair.key)
            return isNamed ? handler : nil
        }
        return (settings, pairs.map(\.key))
    }

    private init?(_ setting: Setting, name: String) {
        guard let section = setting.section(Self.keys) else { return nil }
        let kind = Self.kind(section)
        let timeout = section["timeout"]?.duration(Limits.timeout)
        let concurrency = section["concurrency"]?.wholeNumber(Limits.concurrency)
        let retry = section["retry"].map(RetrySettings.init)
        guard let kind else { return nil }
        self.init(name: name, kind: kind)
        if let timeout { self.timeout = timeout }
        if let concurrency { self.concurrency = concurrency }
        if let retry { self.retry = retry }
    }

    /// Nil when that is not clear, or has a mistake, which is reported.
    private static func kind(_ section: Section) -> HandlerKind? {
        switch (section["exec"], section["http"]) {
        case (nil, nil):
            section.fail("\(section.path) needs exec, a program, or http, a service")
            return nil
        case (let exec?, nil):
            return ExecSettings(exec, in: section).map { .exec($0) }
        case (nil, let http?):
            for key in ExecSettings.keys {
                if let value = section[key] {
                    value.fail("\(value.name) is for exec handlers only")
                }
            }
            return HTTPSettings(http).map { .http($0) }
        case (let exec?, let http?):
            http.fail("\(section.path) has exec and http: a handler is one of them; make it two")
            // Read all the same, so that their mistakes are told too.
            _ = ExecSettings(exec, in: section)
            _ = HTTPSettings(http)
            return nil
        }
    }
}

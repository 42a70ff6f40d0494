import FoundationEssentials
import Yams

/// A configuration file that was read and found right.
package struct Configuration: Sendable {
    /// The absolute path of the file it came from.
    package var file: String

    /// The absolute path of the SQLite file.
    package var store: String

    /// What `samovar-ingress` listens to and believes.
    package var ingress: IngressSettings

    /// How much `samovar-worker` does at once.
    package var worker: WorkerSettings

    /// How all programs log.
    package var log: LogSettings

    /// How long what is finished is kept.
    package var retention: RetentionSettings

    /// The Gitea that is asked; nil when none is.
    package var gitea: GiteaSettings?

    /// Who is trusted without asking.
    package var trust: TrustSettings

    /// What routes get only when they ask for it.
    package var gates: GateSettings

    /// The commands that do jobs, in the order of the file.
    package var handlers: [HandlerSettings]

    /// The rules from delivery to handler, in the order of the file.
    package var routes: [RouteSettings]

    /// What is doubtful but no reason to refuse the file, in the order of the file.
    package var warnings: [Diagnostic]

    /// The sections that could not be read and hold defaults instead; of handlers and routes, those
    /// without mistakes.
    ///
    /// Empty for a file that was found right; see ``salvage(file:environment:)``.
    package var unread: Set<ConfigurationPart> = []

    /// The folder of the store's file, where the state beside the store lives as well.
    package var stateFolder: String { AbsolutePath.folder(of: store) }

    /// Puts a configuration together without a file, as tests do.
    package init(
        file: String,
        store: String,
        ingress: IngressSettings,
        worker: WorkerSettings = WorkerSettings(),
        log: LogSettings = LogSettings(),
        retention: RetentionSettings = RetentionSettings(),
        gitea: GiteaSettings? = nil,
        trust: TrustSettings = TrustSettings(),
        gates: GateSettings = GateSettings(),
        handlers: [HandlerSettings] = [],
        routes: [RouteSettings] = [],
        warnings: [Diagnostic] = []
    ) {
        self.file = file
        self.store = store
        self.ingress = ingress
        self.worker = worker
        self.log = log
        self.retention = retention
        self.gitea = gitea
        self.trust = trust
        self.gates = gates
        self.handlers = handlers
        self.routes = routes
        self.warnings = warnings
    }
}

/// Whose secrets a process loads: each runs as a user who may read its own, and no others.
package struct SecretReading: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Those that deliveries are signed with: for the ingress, and for who sends as Gitea does.
    package static let webhook = SecretReading(rawValue: 1)

    /// What handlers are sent: their secrets, templates and certificates; for the worker.
    package static let handlers = SecretReading(rawValue: 2)

    /// All of them: for whoever checks the configuration.
    package static let read: SecretReading = [.webhook, .handlers]

    /// None of their files is opened: for who only looks into the store.
    package static let skip: SecretReading = []
}

extension Configuration {
    /// Reads and validates a file.
    ///
    /// Nothing in the file is skipped: a key that is not understood is an error, because a
    /// condition that is passed over would run work for everybody.
    ///
    /// - Parameters:
    ///   - file: a path, as `locate` found it; relative ones start at the working folder.
    ///   - secrets: whose secrets to load.
    ///   - environment: the process's variables, for the default place of the store.
    /// - Returns: the configuration, with its warnings.
    /// - Throws: every mistake of the file at once; one that is no YAML at all gives the first.
    package static func load(
        file: String,
        secrets: SecretReading,
        environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        let text = try ConfigurationText.read(file)
        let node = try Document.compose(text, file: file)
        let path = AbsolutePath.make(file, in: FileManager.default.currentDirectoryPath)
        let reading = Reading(file: file, folder: AbsolutePath.folder(of: path), secrets: secrets)
        let configuration = Configuration(
            node,
            path: path,
            reading: reading,
            environment: environment
        )
        guard reading.errors.isEmpty, let configuration else {
            throw ConfigurationError(reading.errors.inFileOrder)
        }
        return configuration
    }

    static let keys = Keys(
        [
            "store", "ingress", "worker", "log", "retention", "gitea", "trust", "gates", "handlers",
            "routes",
        ]
    )

    /// Reads all sections, whatever is wrong in one of them.
    ///
    /// Nil comes with an error in `reading`.
    private init?(_ node: Node, path: String, reading: Reading, environment: [String: String]) {
        guard let top = Setting(node: node, path: "", reading: reading).section(Self.keys) else {
            return nil
        }
        let store =
            if let setting = top["store"] {
                setting.path(in: reading.folder)
            } else {
                Configuration.defaultStore(top, environment: environment)
            }
        let worker = WorkerSettings(top["worker"])
        let log = LogSettings(top["log"])
        let retention = RetentionSettings(top["retention"])
        let gitea = top["gitea"].map { GiteaSettings($0) } ?? nil
        let trust = TrustSettings(top["trust"])
        let gates = GateSettings(top["gates"])
        let mistakes = reading.errors.count
        let ingress = IngressSettings(top["ingress"], in: top, store: store)
        let isIngressFine = reading.errors.count == mistakes
        let handlers = HandlerSettings.all(top["handlers"])
        let routes = RouteSettings.all(top["routes"], handlers: handlers.names)
        if let routes = top["routes"] { RoutePitfalls.warn(routes) }
        trust.check(reading, hasGitea: top["gitea"] != nil)
        guard let store, let ingress else { return nil }
        // A source that is missing because of a mistake must not be another one.
        if isIngressFine {
            let sources = ingress.sources.map(\.name)
            for use in reading.sourceUses { use.check(reading, sources: sources) }
        }
        self.init(
            file: path,
            store: store,
            ingress: ingress,
            worker: worker,
            log: log,
            retention: retention,
            gitea: gitea,
            trust: trust,
            gates: gates,
            handlers: handlers.settings,
            routes: routes,
            warnings: reading.warnings.inFileOrder
        )
    }

    private static func defaultStore(_ top: Section, environment: [String: String]) -> String? {
        if let file = StandardPlaces(environment).store { return file }
        top.fail("store is missing, and neither STATE_DIRECTORY, XDG_STATE_HOME nor HOME is set")
        return nil
    }
}

extension [Diagnostic] {
    /// Sorted by place; several at one place stay in the order they were found.
    fileprivate var inFileOrder: [Diagnostic] {
        sorted { $0.stands(before: $1) }
    }
}

import ArgumentParser
import Foundation
import Program
import QueueCore
import Settings

/// `samovar check`: validates the configuration, and what it names.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the configuration and show what it says.",
        discussion: """
            Every mistake is reported at once, with its line; exit code 78 then. Whatever \
            samovar-ingress or samovar-worker would refuse to start for is refused in their words, \
            with their exit code: a store that exists is opened as well. Warnings alone leave it \
            at 0, or 1 with --strict.

            Examples:
              samovar check
              samovar check --strict
              samovar check --online
              samovar check --config /etc/samovar/samovar.yaml --json
            """
    )

    @OptionGroup var configurationOption: ConfigurationOption
    @OptionGroup var output: JSONOption

    @Flag(help: "Make warnings count: exit code 1 when there are any.")
    var strict = false

    @Flag(help: "The services are started with --allow-public: do not warn of open addresses.")
    var allowPublic = false

    @Flag(help: "Ask the Gitea of `gitea:` too; exit code 1 when something is wrong there.")
    var online = false

    func run() async throws {
        try await reporting {
            let configuration = try configurationOption.load(secrets: .read)
            let hasStore = FileManager.default.fileExists(atPath: configuration.store)
            let start = await StartCheck(
                configuration,
                hasStore: hasStore,
                allowsPublic: allowPublic
            )
            if let refusal = start.refusal { throw refusal }
            let summary = ConfigurationSummary(
                configuration,
                hasStore: hasStore,
                warnings: start.warnings
            )
            let gitea = online ? await GiteaReport(asking: configuration) : nil
            if output.json {
                try StandardOutput.write(
                    JSONOutput.object(summary.json.adding("online", gitea?.json))
                )
            } else {
                for warning in summary.warnings { StandardError.note("warning: \(warning)") }
                try StandardOutput.write(summary.text(on: .standardOutput()))
                if let gitea {
                    try StandardOutput.write("\n" + gitea.text(on: .standardOutput()))
                } else if online {
                    StandardError.note("there is no section gitea: nothing was asked of Gitea")
                }
            }
            let hasFindings = gitea?.hasFindings == true
            if hasFindings || strict && !summary.warnings.isEmpty {
                throw ExitStatus.findings.code
            }
        }
    }
}

/// What a configuration says, for people and programs.
struct ConfigurationSummary {
    private let configuration: Configuration
    private let hasStore: Bool
    /// What the services would say of it when they start.
    private let startWarnings: [String]

    /// A summary.
    init(_ configuration: Configuration, hasStore: Bool, warnings: [String] = []) {
        self.configuration = configuration
        self.hasStore = hasStore
        startWarnings = warnings
    }

    /// What the file says, and what it leaves out.
    var warnings: [String] {
        var warnings = configuration.warnings.map(\.description)
        if configuration.routes.isEmpty {
            warnings.append("there are no routes: every delivery is stored, and none is run")
        }
        if SpoolFacts(configuration)?.sharesDevice == true {
            warnings.append(SpoolFacts.sharedDeviceAdvice)
        }
        return warnings + startWarnings
    }

    /// Fields, then sources, handlers and routes as tables.
    func text(on terminal: Terminal) -> String {
        let ingress = configuration.ingress
        let fields = FieldList([
            ("configuration", Cell(configuration.file)),
            ("store", Cell(configuration.store + (hasStore ? "" : " (does not exist yet)"))),
            ("listen", Cell("\(ingress.listen)")),
            ("health", Cell(ingress.health.map { "\($0)" } ?? "none")),
            ("tls", ingress.tls.map { Cell($0.certificateFile) } ?? Cell("none")),
            ("proxies", Self.listed(ingress.proxies) ?? Cell("none")),
            ("spool", ingress.spool.map { Cell($0.file) } ?? Cell("none")),
            ("slots", Cell(configuration.worker.slots)),
            (
                "worker health",
                Cell(configuration.worker.health.map { "\($0)" } ?? "none")
            ),
            ("trust", Cell(trustText)),
            ("gitea", Cell(configuration.gitea?.url ?? "none")),
            ("gates", Cell(gatesText)),
            ("retention", Cell(retentionText)),
        ])
        let sources = Table(
            header: ["source", "path", "secrets", "verify", "bearer", "networks", "max_body"],
            rows: ingress.sources.map { source in
                [
                    Cell(source.name), Cell(source.path),
                    Cell(source.secrets.map(\.id).joined(separator: ", ")),
                    Cell(
                        source.verification.rawValue,
                        tone: source.verification == .observe ? .attention : .plain
                    ),
                    source.bearer.map { Cell($0.file) } ?? .absent,
                    Self.listed(source.networks) ?? Cell("any"),
                    Cell(Quantity.text(bytes: Int64(source.maxBodyBytes)), isNumber: true),
                ]
            }
        )
        let handlers = Table(
            header: ["handler", "runs", "timeout", "concurrency", "attempts"],
            rows: configuration.handlers.map { handler in
                [
                    Cell(handler.name), Cell(handler.summary),
                    Cell(Quantity.text(handler.timeout), isNumber: true),
                    Cell(handler.concurrency), Cell(handler.retry.attempts),
                ]
            }
        )
        let routes = Table(
            header: ["route"] + RoutesListCommand.columns,
            rows: configuration.routes.map(RoutesListCommand.cells)
        )
        let tables = [sources, handlers, routes].filter { !$0.rows.isEmpty }
        return ([fields.text(on: terminal)] + tables.map { $0.text(on: terminal) })
            .joined(separator: "\n")
    }

    /// One object.
    var json: JSONValue {
        let ingress = configuration.ingress
        return .object([
            ("file", .string(configuration.file)),
            ("store", .string(configuration.store)),
            ("store_exists", .boolean(hasStore)),
            ("listen", .string("\(ingress.listen)")),
            ("health", .optional(ingress.health.map { "\($0)" })),
            ("path", .string(ingress.path)),
            ("secrets", .array(ingress.secrets.map { .string($0.id) })),
            ("sources", .array(ingress.sources.map(Self.json))),
            ("tls", ingress.tls.map(Self.json) ?? .null),
            ("proxies", .array(ingress.proxies.map { .string("\($0)") })),
            ("spool", SpoolFacts(configuration)?.json ?? .null),
            ("slots", .integer(Int64(configuration.worker.slots))),
            ("worker_health", .optional(configuration.worker.health.map { "\($0)" })),
            ("trust", Self.json(configuration.trust)),
            ("gitea", configuration.gitea.map(Self.json) ?? .null),
            ("gates", Self.json(configuration.gates)),
            ("retention", Self.json(configuration.retention)),
            ("handlers", .array(configuration.handlers.map(Self.json))),
            ("routes", .array(configuration.routes.map(Self.json))),
            ("warnings", .array(warnings.map { .string($0) })),
        ])
    }

    // MARK: Trust, gates, retention

    private var trustText: String {
        let trust = configuration.trust
        return "owners \(Self.ids(trust.owners)), bots \(Self.ids(trust.bots))"
    }

    private var gatesText: String {
        let gates = configuration.gates
        let modes = [("bots", gates.bots), ("tests", gates.tests), ("mirrors", gates.mirrors)]
            .map { "\($0.0) \($0.1.rawValue)" }
        let loop = gates.loop.map { "loop \($0.text)" } ?? "loop none"
        return (modes + ["markers \(gates.markers.joined(separator: " "))", loop])
            .joined(separator: ", ")
    }

    private var retentionText: String {
        let retention = configuration.retention
        return [
            ("bodies", retention.bodies), ("jobs", retention.jobs),
            ("deliveries", retention.deliveries),
        ]
        .map { "\($0.0) \($0.1.map { Quantity.text($0) } ?? "forever")" }
        .joined(separator: ", ")
    }

    private static func ids(_ ids: Set<Int64>) -> String {
        ids.isEmpty ? "none" : ids.sorted().map(String.init).joined(separator: " ")
    }

    private static func json(_ trust: TrustSettings) -> JSONValue {
        .object([
            ("owners", .array(trust.owners.sorted().map { .integer($0) })),
            ("bots", .array(trust.bots.sorted().map { .integer($0) })),
            ("cache_seconds", .real(trust.cache.seconds)),
        ])
    }

    private static func json(_ gitea: GiteaSettings) -> JSONValue {
        .object([
            ("url", .string(gitea.url)),
            ("token_file", .string(gitea.token.file)),
            ("timeout_seconds", .real(gitea.timeout.seconds)),
            ("concurrency", .integer(Int64(gitea.concurrency))),
        ])
    }

    private static func json(_ gates: GateSettings) -> JSONValue {
        let loop = gates.loop.map { loop in
            JSONValue.object([
                ("events", .integer(Int64(loop.events))), ("per_seconds", .real(loop.per.seconds)),
            ])
        }
        return .object([
            ("bots", .string(gates.bots.rawValue)),
            ("tests", .string(gates.tests.rawValue)),
            ("mirrors", .string(gates.mirrors.rawValue)),
            ("markers", .array(gates.markers.map { .string($0) })),
            ("loop", loop ?? .null),
        ])
    }

    /// Null for what is kept forever.
    private static func json(_ retention: RetentionSettings) -> JSONValue {
        .object([
            ("bodies_seconds", retention.bodies.map { .real($0.seconds) } ?? .null),
            ("jobs_seconds", retention.jobs.map { .real($0.seconds) } ?? .null),
            ("deliveries_seconds", retention.deliveries.map { .real($0.seconds) } ?? .null),
        ])
    }

    private static func listed(_ clients: [some CustomStringConvertible]) -> Cell? {
        clients.isEmpty ? nil : Cell(clients.map(\.description).joined(separator: ", "))
    }

    private static func json(_ source: SourceSettings) -> JSONValue {
        .object([
            ("name", .string(source.name)),
            ("path", .string(source.path)),
            ("secrets", .array(source.secrets.map { .string($0.id) })),
            ("verify", .string(source.verification.rawValue)),
            ("bearer_file", .optional(source.bearer?.file)),
            ("networks", .array(source.networks.map { .string("\($0)") })),
            ("max_body", .integer(Int64(source.maxBodyBytes))),
        ])
    }

    private static func json(_ tls: TLSSettings) -> JSONValue {
        .object([("certificate", .string(tls.certificateFile)), ("key", .string(tls.keyFile))])
    }

    private static func json(_ handler: HandlerSettings) -> JSONValue {
        .object([
            ("name", .string(handler.name)),
            ("exec", handler.exec.map { .array($0.command.map { .string($0) }) } ?? .null),
            ("http", handler.http.map(json) ?? .null),
            ("timeout_seconds", .real(handler.timeout.seconds)),
            ("concurrency", .integer(Int64(handler.concurrency))),
            ("attempts", .integer(Int64(handler.retry.attempts))),
        ])
    }

    /// Of headers the names alone: their values may be keys.
    private static func json(_ http: HTTPSettings) -> JSONValue {
        .object([
            ("url", .string(http.shownURL)),
            ("headers", .array(http.headers.map { .string($0.name) })),
            ("bearer_file", .optional(http.bearer?.file)),
            ("signing_secret_file", .optional(http.signingKey?.file)),
            ("content_type", .string(http.contentType)),
            ("template", .boolean(http.template != nil)),
            ("template_file", .optional(http.template?.file)),
            ("ca_file", .optional(http.authorities?.file)),
        ])
    }

    /// A route, as `check` and `routes list` print it.
    static func json(_ route: RouteSettings) -> JSONValue {
        .object([
            ("name", .string(route.name)),
            ("line", .integer(Int64(route.line))),
            ("on", .array(route.events.types.map { .string($0) })),
            ("when", .optional(route.when.isEmpty ? nil : route.when.text)),
            ("trust", route.trust.map { .array($0.map { .string($0.rawValue) }) } ?? .null),
            ("trust_of_code", .boolean(route.trustsCode)),
            ("run", .string(route.run)),
            ("lane", .optional(route.lane?.rawValue)),
            ("mode", .string(route.mode.rawValue)),
            ("redelivery", .string(route.isRerunWhenRedelivered ? "rerun" : "once")),
            ("with", .embedding(route.with)),
        ])
    }
}

extension HandlerSettings {
    /// What it does, on one line.
    fileprivate var summary: String {
        switch kind {
        case .exec(let exec): exec.command.joined(separator: " ")
        case .http(let http): "POST \(http.shownURL)"
        }
    }
}

extension HTTPSettings {
    /// The URL without its query, which often is a key.
    fileprivate var shownURL: String {
        let path = url.prefix { $0 != "?" }
        return path.count < url.count ? "\(path)?…" : url
    }
}

extension EventSelection {
    fileprivate var types: [String] {
        switch self {
        case .any: ["*"]
        case .types(let types): types
        }
    }

    /// For people: the types as the file has them.
    var text: String { types.joined(separator: ", ") }
}

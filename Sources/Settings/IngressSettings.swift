/// What `samovar-ingress` listens to and believes.
package struct IngressSettings: Sendable {
    /// Where Gitea posts to.
    package var listen: HostPort

    /// Where health and metrics are; nil for nowhere.
    package var health: HostPort?

    /// The paths that take deliveries, at least one; without `sources`, the one called `default`.
    package var sources: [SourceSettings]

    /// Whose `X-Forwarded-For` is believed.
    package var proxies: [Proxy]

    /// The certificate of `listen`; nil for HTTP in the clear.
    package var tls: TLSSettings?

    /// Where deliveries go that the store cannot take; nil for nowhere.
    package var spool: SpoolSettings?

    /// Settings with the defaults for what is left out.
    package init(
        listen: HostPort = HostPort(host: "127.0.0.1", port: 8480),
        health: HostPort? = HostPort(host: "127.0.0.1", port: 8481),
        sources: [SourceSettings],
        proxies: [Proxy] = []
    ) {
        self.listen = listen
        self.health = health
        self.sources = sources
        self.proxies = proxies
    }

    /// The one source `default` at its default path, and nothing else out of the ordinary.
    package init(secrets: [Secret]) {
        self.init(sources: [SourceSettings(secrets: secrets)])
    }

    /// The source that commands mean when they are not told which.
    package var firstSource: SourceSettings { sources.first ?? SourceSettings(secrets: []) }

    /// The path of the first source.
    package var path: String { firstSource.path }

    /// The largest body that the first source takes, in bytes.
    package var maxBodyBytes: Int { firstSource.maxBodyBytes }

    /// The secrets of the first source; the first of them is the one that new hooks get.
    package var secrets: [Secret] { firstSource.secrets }
}

extension IngressSettings {
    private static let keys = Keys(
        ["listen", "health", "path", "secrets", "sources", "proxies", "tls", "spool"]
            + SourceSettings.sharedKeys
    )

    /// Reads the section `ingress`; nil when there is none or it is no section, which is reported.
    init?(_ setting: Setting?, in top: Section, store: String?) {
        guard let setting else {
            top.fail("ingress.secrets is missing: without a secret nothing can be verified")
            return nil
        }
        guard let section = setting.section(Self.keys) else { return nil }
        self.init(sources: Self.sources(section))
        if let value = section["listen"]?.value("host:port", HostPort.init(parsing:)) {
            listen = value
        }
        if let value = section["health"] { health = value.hostPortOrNone() }
        if let value = section["proxies"]?.proxies() { proxies = value }
        if let value = section["tls"] { tls = TLSSettings(value) }
        if let value = section["spool"] { spool = SpoolSettings(value, store: store) }
        if listen == health, listen.port != 0 {
            (section["health"] ?? setting).fail(
                "ingress.health and ingress.listen must differ, but both are \(listen)"
            )
        }
    }

    private static func sources(_ section: Section) -> [SourceSettings] {
        guard let setting = section["sources"] else { return [SourceSettings(short: section)] }
        for key in ["path", "secrets"] {
            section[key]?.fail(
                "ingress.\(key) and ingress.sources exclude each other: each source has its own"
            )
        }
        return SourceSettings.all(setting, defaults: SourceSettings(defaultsOf: section))
    }
}

/// What `samovar-ingress` listens to and believes.
package struct IngressSettings: Sendable {
    /// Where Gitea posts to.
    package var listen: HostPort

    /// Where health and metrics are; nil for nowhere.
    package var health: HostPort?

    /// The path that takes deliveries; starts with a slash.
    package var path: String

    /// The largest body, in bytes.
    package var maxBodyBytes: Int

    /// All that are active, at least one; the first is the one that new hooks get.
    package var secrets: [Secret]

    /// Settings with the defaults for what is left out.
    package init(
        listen: HostPort = HostPort(host: "127.0.0.1", port: 8480),
        health: HostPort? = HostPort(host: "127.0.0.1", port: 8481),
        path: String = "/hooks/gitea",
        maxBodyBytes: Int = 32 << 20,
        secrets: [Secret]
    ) {
        self.listen = listen
        self.health = health
        self.path = path
        self.maxBodyBytes = maxBodyBytes
        self.secrets = secrets
    }
}

extension IngressSettings {
    private static let keys = Keys(
        ["listen", "health", "path", "max_body", "secrets"],
        planned: [
            "sources", "tls", "spool", "verify", "bearer", "bearer_file", "networks", "proxies",
        ]
    )

    /// Reads the section `ingress`; nil when it has no usable secret, which is reported.
    init?(_ setting: Setting?, in top: Section) {
        guard let setting else {
            top.fail("ingress.secrets is missing: without a secret nothing can be verified")
            return nil
        }
        guard let section = setting.section(Self.keys) else { return nil }
        self.init(secrets: Self.secrets(section))
        if let value = section["listen"]?.value("host:port", HostPort.init(parsing:)) {
            listen = value
        }
        if let value = section["health"] { health = Self.health(value) }
        if let value = section["path"]?.value("a path", Self.checkedPath) { path = value }
        if let value = section["max_body"]?.byteSize(Limits.bodyBytes) { maxBodyBytes = value }
        if listen == health, listen.port != 0 {
            (section["health"] ?? setting).fail(
                "ingress.health and ingress.listen must differ, but both are \(listen)"
            )
        }
    }

    private static func health(_ setting: Setting) -> HostPort? {
        setting.value("host:port or none") { text throws(UnfitText) in
            text == "none" ? nil : try HostPort(parsing: text)
        } ?? nil
    }

    private static func checkedPath(_ text: String) throws(UnfitText) -> String {
        guard text.hasPrefix("/") else {
            throw UnfitText("must start with '/', not \(quoted(text))")
        }
        guard !text.contains("?"), !text.contains("#") else {
            throw UnfitText("must be a path without a query or fragment, not \(quoted(text))")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UnfitText("must be ASCII without spaces (percent-encoded), not \(quoted(text))")
        }
        return text
    }

    private static func secrets(_ section: Section) -> [Secret] {
        if section["secrets"] == nil, section["sources"] != nil { return [] }
        guard let setting = section.required("secrets"),
            let entries = setting.list("a list of {id, file}")
        else { return [] }
        if entries.isEmpty {
            setting.fail("ingress.secrets is empty: without a secret nothing can be verified")
        }
        var unique = UniqueNames("secret id")
        return entries.compactMap { entry in
            unique.check(entry, key: "id")
            return Secret(entry)
        }
    }
}

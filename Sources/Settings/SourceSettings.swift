/// One path that takes deliveries, and what is believed there.
package struct SourceSettings: Sendable {
    /// The name that is stored with its deliveries; unique in the file.
    package var name: String

    /// Where Gitea posts to; starts with a slash; unique in the file.
    package var path: String

    /// All that are active, at least one; the first is the one that new hooks get.
    package var secrets: [Secret]

    /// What becomes of a delivery without a signature.
    package var verification: Verification

    /// What `Authorization: Bearer` must carry; nil when it is not looked at.
    package var bearer: SourceBearer?

    /// Whose requests are taken; empty for everybody's.
    package var networks: [Network]

    /// The largest body, in bytes.
    package var maxBodyBytes: Int

    /// A source with the defaults for what is left out.
    package init(
        name: String = "default",
        path: String = "/hooks/gitea",
        secrets: [Secret],
        verification: Verification = .enforce,
        bearer: SourceBearer? = nil,
        networks: [Network] = [],
        maxBodyBytes: Int = 32 << 20
    ) {
        self.name = name
        self.path = path
        self.secrets = secrets
        self.verification = verification
        self.bearer = bearer
        self.networks = networks
        self.maxBodyBytes = maxBodyBytes
    }
}

/// What becomes of a delivery without a signature.
package enum Verification: String, Sendable {
    /// It is refused.
    case enforce

    /// It is stored as unverified; one with a wrong signature is refused all the same.
    case observe
}

/// A token that a source's senders show.
package struct SourceBearer: Sendable, Equatable {
    /// The absolute path of its file.
    package var file: String

    /// The file's bytes without one line break at the end; empty where they are not read.
    package var token: [UInt8]

    /// A token.
    package init(file: String, token: [UInt8]) {
        self.file = file
        self.token = token
    }

    /// Reads a path, and what is there.
    init?(_ setting: Setting) {
        guard let file = setting.path(in: setting.reading.folder) else { return nil }
        var token: [UInt8] = []
        if setting.reading.secrets.contains(.webhook) {
            guard let bytes = SecretFile.bytes(of: file, for: .senders, setting) else { return nil }
            token = bytes
        }
        self.init(file: file, token: token)
    }
}

extension SourceBearer: CustomStringConvertible, CustomReflectable {
    /// Its file; never its bytes.
    package var description: String { "SourceBearer(\(file))" }

    /// The same for `dump`.
    package var customMirror: Mirror { Mirror(self, children: ["file": file]) }
}

extension SourceSettings {
    /// What `ingress` may have as well: there it is the default of every source.
    static let sharedKeys = ["verify", "bearer_file", "networks", "max_body"]

    private static let keys = Keys(["name", "path", "secrets"] + sharedKeys)

    private static let verifications: KeyValuePairs<String, Verification> = [
        "enforce": .enforce, "observe": .observe,
    ]

    /// Reads the list `ingress.sources`.
    static func all(_ setting: Setting, defaults: SourceSettings) -> [SourceSettings] {
        guard let entries = setting.list("a list of {name, path, secrets}") else { return [] }
        if entries.isEmpty {
            setting.fail("\(setting.name) is empty: without a source nothing is taken in")
        }
        if entries.count > Limits.sourcesCountMax {
            setting.fail("\(setting.name) has more than \(Limits.sourcesCountMax) sources")
        }
        var uniqueNames = UniqueNames("source name")
        var uniquePaths = UniqueNames("source path")
        return entries.compactMap { entry in
            uniqueNames.check(entry, key: "name")
            uniquePaths.check(entry, key: "path")
            return SourceSettings(entry, defaults: defaults)
        }
    }

    private init?(_ setting: Setting, defaults: SourceSettings) {
        guard let section = setting.section(Self.keys) else { return nil }
        self = defaults
        let name = section.required("name")?.identifier()
        let path = section.required("path")?.value("a path", Self.checkedPath)
        secrets = Self.secrets(section)
        takeShared(from: section)
        guard let name, let path else { return nil }
        self.name = name
        self.path = path
    }

    /// The short form: section `ingress` itself, whose source is called `default`.
    init(short section: Section) {
        self.init(secrets: Self.secrets(section))
        if let value = section["path"]?.value("a path", Self.checkedPath) { path = value }
        takeShared(from: section)
    }

    /// What section `ingress` says for all its sources.
    init(defaultsOf section: Section) {
        self.init(secrets: [])
        takeShared(from: section)
    }

    private mutating func takeShared(from section: Section) {
        if let setting = section["verify"], let value = setting.choice(Self.verifications) {
            verification = value
            if value == .observe {
                setting.warn(
                    "\(setting.name) is observe: deliveries without a signature are stored as "
                        + "unverified; set it to enforce when every hook has its secret"
                )
            }
        }
        if let setting = section["bearer_file"], let value = SourceBearer(setting) {
            bearer = value
        }
        if let value = section["networks"]?.networks(consequence: "requests from everywhere") {
            networks = value
        }
        if let value = section["max_body"]?.byteSize(Limits.bodyBytes) { maxBodyBytes = value }
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
        guard let setting = section.required("secrets"),
            let entries = setting.list("a list of {id, file}")
        else { return [] }
        if entries.isEmpty {
            setting.fail("\(setting.name) is empty: without a secret nothing can be verified")
        }
        var unique = UniqueNames("secret id")
        return entries.compactMap { entry in
            unique.check(entry, key: "id")
            return Secret(entry)
        }
    }
}

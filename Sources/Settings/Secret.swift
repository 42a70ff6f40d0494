/// A secret that deliveries may be signed with.
package struct Secret: Sendable {
    /// The name under which it is stored with what it verified.
    package var id: String

    /// The absolute path of its file.
    package var file: String

    /// The file's bytes without one line break at the end; empty where they are not read.
    package var key: [UInt8]

    /// A secret.
    package init(id: String, file: String, key: [UInt8]) {
        self.id = id
        self.file = file
        self.key = key
    }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    /// Its id and file; never its bytes.
    package var description: String { "Secret(\(id), \(file))" }

    /// The same for `dump`.
    package var customMirror: Mirror { Mirror(self, children: ["id": id, "file": file]) }
}

extension Secret {
    private static let keys = Keys(["id", "file"])

    /// Reads one entry of `ingress.secrets`.
    init?(_ setting: Setting) {
        guard let section = setting.section(Self.keys) else { return nil }
        let id = section.required("id")?.identifier()
        let fileSetting = section.required("file")
        let file = fileSetting?.path(in: setting.reading.folder)
        guard let fileSetting, let file else { return nil }
        var key: [UInt8] = []
        if setting.reading.secrets.contains(.webhook) {
            guard let bytes = SecretFile.bytes(of: file, for: .webhook, fileSetting) else {
                return nil
            }
            key = bytes
        }
        guard let id else { return nil }
        self.init(id: id, file: file, key: key)
    }
}

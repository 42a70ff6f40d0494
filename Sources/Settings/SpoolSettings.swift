import Yams

/// Where deliveries go that the store cannot take.
package struct SpoolSettings: Equatable, Sendable {
    /// The absolute path of its file.
    package var file: String

    /// How large the file may become, in bytes.
    package var maxBytes: Int

    /// A spool with the default size.
    package init(file: String, maxBytes: Int = 1 << 30) {
        self.file = file
        self.maxBytes = maxBytes
    }
}

extension SpoolSettings {
    private static let keys = Keys(["file", "max_size"])

    /// Reads `ingress.spool`: a path, `none`, or a mapping; nil for none and for what is wrong, which
    /// is reported.
    init?(_ setting: Setting, store: String?) {
        let file: Setting
        var size: Setting?
        if case .mapping = setting.node {
            guard let section = setting.section(Self.keys), let named = section.required("file")
            else { return nil }
            (file, size) = (named, section["max_size"])
        } else {
            if case .scalar(let scalar) = setting.node, scalar.string == "none" { return nil }
            file = setting
        }
        guard let path = file.path(in: setting.reading.folder) else { return nil }
        self.init(file: path)
        if let value = size?.byteSize(Limits.spoolBytes) { maxBytes = value }
        let own = ["", "-wal", "-shm", "-journal", ".turn", ".ingress", ".incidents"].map {
            (store ?? "") + $0
        }
        if store != nil, own.contains(path) {
            file.fail(
                "\(file.name) is the store's own file: the spool needs one of its own, "
                    + "best on another disk"
            )
        }
    }
}

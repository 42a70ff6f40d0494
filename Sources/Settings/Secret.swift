/// A secret that deliveries may be signed with.
package struct Secret: Sendable {
    /// The name under which it is stored with what it verified.
    package var id: String

    /// The absolute path of its file.
    package var file: String

    /// The file's bytes without one line break at the end; empty with `SecretReading.skip`.
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
        if setting.reading.secrets == .read {
            guard let bytes = Self.key(file: file, fileSetting) else { return nil }
            key = bytes
        }
        guard let id else { return nil }
        self.init(id: id, file: file, key: key)
    }

    /// The bytes of a secret's file; what is wrong with them is reported for `setting`.
    private static func key(file: String, _ setting: Setting) -> [UInt8]? {
        let contents: FileContents
        do {
            contents = try FileContents(path: file, sizeMax: Limits.secretBytesMax)
        } catch {
            setting.fail(message(for: error, file: file))
            return nil
        }
        let key = withoutLineBreak(contents.bytes)
        guard !key.isEmpty else {
            setting.fail("\(file) is empty: anybody could sign with an empty secret; \(remedy)")
            return nil
        }
        if key.count < Limits.secretBytesAdvised {
            setting.warn(
                "\(file) has \(key.count) bytes, which is easy to guess: "
                    + "use \(Limits.secretBytesAdvised) or more"
            )
        }
        if contents.mode & 0o007 != 0 {
            setting.warn("\(file) is open to every user of this machine: run chmod o= \(file)")
        }
        return key
    }

    private static let remedy = "'samovar init --unless-present' makes a new one"

    private static func message(for problem: FileProblem, file: String) -> String {
        switch problem {
        case .missing: "\(file) does not exist; \(remedy)"
        case .denied:
            "\(file) cannot be read: permission denied; give it to the user who runs this "
                + "(chown) and let that user read it (chmod u+r)"
        case .folder: "\(file) is a folder; name the file in it that holds the secret"
        case .special: "\(file) is not a regular file; \(remedy)"
        case .tooLarge:
            "\(file) is larger than \(ByteSizeText.text(of: Limits.secretBytesMax)), "
                + "which is no secret; \(remedy)"
        case .other(let reason): "\(file) cannot be read: \(reason)"
        }
    }

    /// Editors and `echo` end a file with a line break, which is not part of the secret.
    private static func withoutLineBreak(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let rest = bytes.dropLast()
        return Array(rest.last == UInt8(ascii: "\r") ? rest.dropLast() : rest)
    }
}

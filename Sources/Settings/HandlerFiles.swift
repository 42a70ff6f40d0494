/// A secret that a handler is shown, or that what it is sent is signed with.
package struct HandlerSecret: Sendable, Equatable {
    /// The absolute path of its file.
    package var file: String

    /// The file's bytes without one line break at the end; empty where they are not read.
    package var bytes: [UInt8]

    /// A secret.
    package init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    /// Reads a path, and what is there.
    init?(_ setting: Setting, for use: SecretUse) {
        guard let file = setting.path(in: setting.reading.folder) else { return nil }
        var bytes: [UInt8] = []
        if setting.reading.secrets.contains(.handlers) {
            guard let found = SecretFile.bytes(of: file, for: use, setting) else { return nil }
            bytes = found
        }
        self.init(file: file, bytes: bytes)
    }
}

extension HandlerSecret: CustomStringConvertible, CustomReflectable {
    /// Its file; never its bytes.
    package var description: String { "HandlerSecret(\(file))" }

    /// The same for `dump`.
    package var customMirror: Mirror { Mirror(self, children: ["file": file]) }
}

/// Certificates that a handler's own certificate must lead to.
package struct CertificateFile: Sendable, Equatable {
    /// The absolute path of the file.
    package var file: String

    /// What is in it: PEM; empty where it is not read.
    package var pem: [UInt8]

    /// Certificates.
    package init(file: String, pem: [UInt8]) {
        self.file = file
        self.pem = pem
    }

    /// Reads a path, and what is there.
    init?(_ setting: Setting) {
        guard let file = setting.path(in: setting.reading.folder) else { return nil }
        guard setting.reading.secrets.contains(.handlers) else {
            self.init(file: file, pem: [])
            return
        }
        do {
            let contents = try FileContents(path: file, sizeMax: Limits.certificatesBytesMax)
            self.init(file: file, pem: contents.bytes)
        } catch {
            setting.fail("\(file) \(error.reason(sizeMax: Limits.certificatesBytesMax))")
            return nil
        }
        // Read here already: the worker would refuse to start with it.
        guard TLSSettings.certificates(pem, of: file, setting) != nil else { return nil }
    }
}

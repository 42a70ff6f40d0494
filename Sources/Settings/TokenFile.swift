/// A file with a token in it, which may be replaced while a program runs.
package struct TokenFile: Sendable, Equatable {
    /// The absolute path of the file.
    package var file: String

    /// A token's file.
    package init(file: String) {
        self.file = file
    }

    /// Reads a path, and what is there, if this process may.
    init?(_ setting: Setting) {
        guard let file = setting.path(in: setting.reading.folder) else { return nil }
        if setting.reading.secrets.contains(.handlers) {
            guard SecretFile.bytes(of: file, for: .gitea, setting) != nil else { return nil }
        }
        self.init(file: file)
    }

    /// Why a token could not be read.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        /// A sentence with the file's name and without a full stop.
        package let description: String
    }

    /// Reads the token that is there now.
    ///
    /// - Returns: the file's text without one line break at the end.
    /// - Throws: why there is none; nothing of the file is quoted.
    package func read() throws(Problem) -> String {
        do {
            return String(decoding: try SecretFile.token(in: file), as: UTF8.self)
        } catch {
            throw Problem(description: "\(file) \(error.message)")
        }
    }
}

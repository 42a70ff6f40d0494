/// One pass over a configuration file: what it is relative to, and what was found.
final class Reading {
    /// The file, as it was named by whoever asked for it.
    let file: String

    /// The absolute path of its folder, where relative paths start.
    let folder: String

    /// Whose secrets are loaded.
    let secrets: SecretReading

    /// What keeps the file from being used, in the order it was found.
    private(set) var errors: [Diagnostic] = []

    /// What is only doubtful.
    private(set) var warnings: [Diagnostic] = []

    /// Where trust is asked for, in the order it was found.
    var trustUses: [TrustUse] = []

    /// Where conditions name sources, in the order it was found.
    var sourceUses: [SourceUse] = []

    init(file: String, folder: String, secrets: SecretReading) {
        self.file = file
        self.folder = folder
        self.secrets = secrets
    }

    func fail(_ message: String, at place: Place?) {
        errors.append(diagnostic(message, place))
    }

    func warn(_ message: String, at place: Place?) {
        warnings.append(diagnostic(message, place))
    }

    private func diagnostic(_ message: String, _ place: Place?) -> Diagnostic {
        Diagnostic(file: file, line: place?.line, column: place?.column, message: message)
    }
}

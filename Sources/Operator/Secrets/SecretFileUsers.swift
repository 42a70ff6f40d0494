import Foundation
import Settings

/// Whatever else a configuration names the file of a secret for.
struct SecretFileUsers {
    /// What people call them: `l1 of lan`.
    let names: [String]

    /// All that name the file of a secret, but for that secret itself.
    init(of secret: Secret, in source: SourceSettings, _ configuration: Configuration) {
        let file = Self.resolved(secret.file)
        var names: [String] = []
        for other in configuration.ingress.sources {
            for entry in other.secrets
            where (other.name, entry.id) != (source.name, secret.id)
                && Self.resolved(entry.file) == file
            {
                names.append("\(entry.id) of \(other.name)")
            }
            if let bearer = other.bearer, Self.resolved(bearer.file) == file {
                names.append("bearer_file of \(other.name)")
            }
        }
        for handler in configuration.handlers {
            let files = [handler.http?.signingKey?.file, handler.http?.bearer?.file]
            if files.compactMap(\.self).map(Self.resolved).contains(file) {
                names.append("handler \(handler.name)")
            }
        }
        self.names = names
    }

    /// One file may have several names.
    private static func resolved(_ file: String) -> String {
        URL(filePath: file).resolvingSymlinksInPath().path(percentEncoded: false)
    }
}

import Foundation
import Gitea
import NIOSSL
import Program
import Settings

/// Where to post, and what to show there.
struct SendTarget: Sendable {
    /// The whole address.
    var url: String

    /// What to sign with.
    var key: SigningKey

    /// What people know the secret by; never the secret.
    var secretName: String

    /// What `Authorization: Bearer` carries.
    var bearer: SourceBearer?

    /// What people know that by; never the token.
    var bearerName: String {
        bearer.map { "with the bearer token in \($0.file)" } ?? "without a bearer token"
    }
}

extension SendTarget {
    /// The source that is meant, and how surely.
    struct Choice {
        var source: SourceSettings
        var url: String

        /// Whether its token may go to the URL: one that is mistyped should not get it.
        var isSure: Bool

        /// The named source, else the one whose path the URL ends in, else the first.
        ///
        /// - Throws: `.notFound` when there is no source of that name.
        init(source name: String?, url: String?, of ingress: IngressSettings) throws(Failure) {
            let named: SourceSettings?
            if let name {
                named = try ingress.source(named: name)
            } else {
                named = url.flatMap { url in
                    let path = String(url.prefix { $0 != "?" && $0 != "#" })
                    return ingress.sources.filter { path.hasSuffix($0.path) }
                        // `/in` is at the end of `/mirror/in` as well.
                        .max { $0.path.utf8.count < $1.path.utf8.count }
                }
            }
            source = named ?? ingress.firstSource
            self.url = url ?? ingress.url(of: source)
            isSure = url == nil || named != nil
        }
    }

    /// A target that no configuration knows.
    init(url: String, secretFile: String) throws(Failure) {
        self.init(
            url: url,
            key: SigningKey(id: "file", key: try SecretFile.read(secretFile)),
            secretName: "the secret in \(secretFile)"
        )
    }

    /// A source as its hooks see it.
    init(_ choice: Choice, secretFile: String? = nil) throws(Failure) {
        if let secretFile {
            try self.init(url: choice.url, secretFile: secretFile)
        } else {
            guard let secret = choice.source.secrets.first else {
                preconditionFailure("a configuration without a secret is refused")
            }
            self.init(
                url: choice.url,
                key: SigningKey(id: secret.id, key: secret.key),
                secretName: "secret '\(secret.id)' (\(secret.file))"
            )
        }
        guard choice.isSure, var bearer = choice.source.bearer else { return }
        // Not read together with the secrets when those are not wanted.
        if bearer.token.isEmpty { bearer.token = try SecretFile.read(bearer.file) }
        self.bearer = bearer
    }

    /// The first source of a configuration.
    init(first ingress: IngressSettings) throws(Failure) {
        try self.init(Choice(source: nil, url: nil, of: ingress))
    }
}

/// Certificates of authorities that the system does not know.
enum Authorities {
    /// All in a PEM file.
    static func read(_ file: String) throws(Failure) -> [NIOSSLCertificate] {
        let bytes = try SendSource.read(file)
        do {
            return try NIOSSLCertificate.fromPEMBytes(Array(bytes))
        } catch {
            throw Failure(
                .findings,
                "\(file) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
            )
        }
    }
}

import AsyncHTTPClient
import NIOCore
import NIOSSL
import Settings

extension HTTPClient.Configuration {
    /// How handlers are talked to.
    ///
    /// Certificates are verified in full, and no proxy is taken from the environment: both are the
    /// library's defaults.
    static let forHandlers: HTTPClient.Configuration = {
        var pool = ConnectionPool()
        // Shorter than the 5 s of Node.js, the shortest of the common servers: a connection that
        // the server closes just when a request goes out makes that request go out twice.
        pool.idleTimeout = .seconds(4)
        // As many as a worker has slots at most; the library would let the ninth job wait.
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        // The store and the breaker say when to try again: the library would try on for 10 s.
        pool.retryConnectionEstablishment = false
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: Timeout(connect: .seconds(10)),
            connectionPool: pool
        )
        // One job, one connection: what breaks takes no other job with it.
        configuration.httpVersion = .http1Only
        return configuration
    }()
}

extension TLSConfiguration {
    /// Trusts the authorities in a file and no others.
    static func trusting(_ file: CertificateFile) throws(ConfigurationError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(file.pem))
        } catch {
            let message = "holds a certificate that cannot be read; 'openssl x509 -in' says why"
            throw ConfigurationError([Diagnostic(file: file.file, message: message)])
        }
        return configuration
    }
}

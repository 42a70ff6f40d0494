import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1

/// What kept a request from being answered, for people; and whether it was sent at all.
enum ConnectionFailure {
    /// What an error of the library means.
    ///
    /// The libraries below have a dozen types of errors, some nested, of which the codes and names
    /// in their descriptions are the one thing in common; their texts as a whole are never shown.
    static func error(for error: any Error, authority: String) -> GiteaError {
        if error is CancellationError { return .cancelled }
        let text = String(describing: error)
        if let reason = noConnection(error, text) {
            return .unreachable(reason: "\(reason): \(authority)")
        }
        return .interrupted(reason: "\(ended(error, text)): \(authority)")
    }

    /// Why there was no connection; nil when there was one, or may have been.
    private static func noConnection(_ error: any Error, _ text: String) -> String? {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "TLS: the certificate is not trusted, or has expired"
        }
        if text.contains("failedToValidateHostname") || text.contains("noCertificateToValidate") {
            return "TLS: the certificate is not for this host"
        }
        if text.contains("handshakeFailed") { return "TLS failed" }
        // NIO gives up a name with one of these for each kind of address.
        if text.contains("SocketAddressError") || text.contains("unknown(host:") {
            return "the host's name cannot be resolved"
        }
        // `NIOConnectionError` holds one error for each address that was tried; the last decides.
        if text.contains("NIOConnectionError") { return words(text) ?? "no connection" }
        // Of one address: it names the call that failed.
        if let error = error as? IOError, text.contains("connect") {
            return words(for: error.errnoCode)
        }
        switch error as? HTTPClientError {
        case .connectTimeout?, .tlsHandshakeTimeout?, .getConnectionFromPoolTimeout?:
            return "no connection in time"
        case .alreadyShutdown?: return "this program is stopping"
        case _?, nil: return nil
        }
    }

    private static func words(_ text: String) -> String? {
        guard let start = text.ranges(of: "errno: ").last?.upperBound,
            let code = Int32(text[start...].prefix { $0.isNumber })
        else { return nil }
        return words(for: code)
    }

    private static func words(for code: Int32) -> String {
        unsafe String(cString: strerror(code)).lowercased()
    }

    private static func ended(_ error: any Error, _ text: String) -> String {
        if let error = error as? IOError { return words(for: error.errnoCode) }
        if let error = error as? HTTPParserError, error != .invalidEOFState {
            return "what came is no HTTP"
        }
        switch error as? HTTPClientError {
        case let error? where error != .remoteConnectionClosed:
            return error.shortDescription.lowercased()
        case _?, nil: return "the connection was closed"
        }
    }
}

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1

/// What kept a request from being answered, for people.
enum ConnectionFailure {
    /// What an error of the client means.
    ///
    /// `authority` is all that is shown of the URL. The libraries below have a dozen types of
    /// errors, some nested, of which the codes and names in their descriptions are the one thing
    /// in common; their texts as a whole are never shown.
    static func answer(for error: any Error, authority: String) -> HTTPAnswer {
        let text = String(describing: error)
        if let code = errorNumber(in: error, text) {
            let words = unsafe String(cString: strerror(code)).lowercased()
            guard !isOurs(code) else { return .notAsked(error: "this machine: \(words)") }
            return .noResponse(error: "\(words): \(authority)")
        }
        return .noResponse(error: "\(words(for: error, text)): \(authority)")
    }

    /// Whether the connection was closed before anything of a response had come.
    static func isClosedUnanswered(_ error: any Error) -> Bool {
        if let error = error as? IOError { return [ECONNRESET, EPIPE].contains(error.errnoCode) }
        if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
        return error is ChannelError
    }

    private static func words(for error: any Error, _ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "TLS: the certificate is not trusted, or has expired"
        }
        if text.contains("failedToValidateHostname") || text.contains("noCertificateToValidate") {
            return "TLS: the certificate is not for this host"
        }
        if text.contains("SSL") { return "TLS failed\(reason(inTLS: text))" }
        // NIO gives up a name with one of these for each kind of address.
        if text.contains("SocketAddressError") || text.contains("unknown(host:") {
            return "the host's name cannot be resolved"
        }
        if let error = error as? HTTPParserError {
            return error == .invalidEOFState ? closedEarly : "what came is no HTTP response"
        }
        switch error as? HTTPClientError {
        case .connectTimeout?, .tlsHandshakeTimeout?: return "no connection within 10 s"
        case .remoteConnectionClosed?: return closedEarly
        case let error?: return error.shortDescription.lowercased()
        case nil:
            return error is ChannelError ? closedEarly : "\(type(of: error))"
        }
    }

    private static let closedEarly = "closed before a response"

    /// The name of what went wrong in BoringSSL: ` (WRONG_VERSION_NUMBER)`.
    private static func reason(inTLS text: String) -> String {
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else { return "" }
        let name = text[start...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return name.isEmpty ? "" : " (\(name))"
    }

    private static func errorNumber(in error: any Error, _ text: String) -> Int32? {
        if let error = error as? IOError { return error.errnoCode }
        // `NIOConnectionError` holds one error for each address that was tried; the last decides.
        guard let start = text.ranges(of: "errno: ").last?.upperBound else { return nil }
        return Int32(text[start...].prefix { $0.isNumber })
    }

    /// Whether the fault is on this side: out of something.
    private static func isOurs(_ code: Int32) -> Bool {
        [EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL].contains(code)
    }
}

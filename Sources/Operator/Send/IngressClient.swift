import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Program
import QueueCore
import Settings

/// Talks to an ingress as Gitea does: five seconds, no redirects.
struct IngressClient: Sendable {
    /// What came back.
    struct Answer: Sendable {
        /// The HTTP status.
        var status: Int

        /// The body, or its beginning.
        var body: String

        /// From the first byte sent to the last one received.
        var duration: Duration

        /// The body on one line, for people.
        var text: String { VisibleText.line(trimmedBody) }

        /// The body without the line break at its end.
        var trimmedBody: String { body.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    private let client: HTTPClient
    private let patience: TimeAmount

    /// Runs `body` with a client and closes its connections afterwards.
    ///
    /// - Parameters:
    ///   - isOwn: whether it talks to the configured ingress alone. That is on this machine, and its
    ///     certificate is for the name that Gitea uses: it is not looked at.
    ///   - authorities: whose certificates are believed; nil for those that the system believes.
    ///   - patience: how long it waits for an answer.
    ///   - body: is given the client.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws.
    static func with<Value>(
        own isOwn: Bool = false,
        authorities: [NIOSSLCertificate]? = nil,
        patience: TimeAmount = giteaPatience,
        _ body: (IngressClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = patience
        if isOwn || authorities != nil {
            var tls = TLSConfiguration.makeClientConfiguration()
            if let authorities {
                tls.trustRoots = .certificates(authorities)
            } else {
                tls.certificateVerification = .none
            }
            configuration.tlsConfiguration = tls
        }
        // Refused is refused: the answer is wanted now.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: configuration
        )
        let value: Value
        do {
            value = try await body(IngressClient(client: client, patience: patience))
        } catch {
            // The first error is the one to tell.
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return value
    }

    /// Sends a delivery.
    ///
    /// - Throws: `.unavailable` when no answer comes.
    func post(_ delivery: SignedDelivery, to target: SendTarget) async throws -> Answer {
        var request = HTTPClientRequest(url: target.url)
        request.method = .POST
        for (name, value) in delivery.headers { request.headers.add(name: name, value: value) }
        if let bearer = target.bearer {
            // A recording has its own only when it was written by hand; two are refused.
            request.headers.replaceOrAdd(
                name: "Authorization",
                value: "Bearer \(String(decoding: bearer.token, as: UTF8.self))"
            )
        }
        request.body = .bytes(ByteBuffer(bytes: delivery.body))
        return try await answer(to: request)
    }

    /// Asks for a page.
    ///
    /// - Throws: `.unavailable` when no answer comes.
    func get(_ url: String) async throws -> Answer {
        try await answer(to: HTTPClientRequest(url: url))
    }

    private func answer(to request: HTTPClientRequest) async throws -> Answer {
        var request = request
        request.headers.replaceOrAdd(name: "User-Agent", value: "samovar/\(ProgramVersion.current)")
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let response = try await client.execute(request, timeout: patience)
            let body = try await response.body.collect(upTo: Self.bodyBytesMax)
            return Answer(
                status: Int(response.status.code),
                body: String(buffer: body),
                duration: clock.now - start
            )
        } catch let error as CancellationError {
            throw error
        } catch {
            let isDistrust = Self.isDistrust(error)
            throw Failure(
                .unavailable,
                "no answer from \(request.url): \(reason(error))",
                hint: isDistrust
                    ? "Name the certificate of its authority, or its own if it signed itself, "
                        + "with --ca FILE."
                    : "Is `samovar up` (or samovar-ingress) running?"
            )
        }
    }

    /// In few words; the client's own description repeats addresses and names its types.
    private func reason(_ error: any Error) -> String {
        if let error = error as? HTTPClientError {
            let timeouts: [HTTPClientError] = [
                .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout,
                .tlsHandshakeTimeout,
            ]
            let seconds = patience.nanoseconds / 1_000_000_000
            return timeouts.contains(error) ? "timeout after \(seconds) s" : error.shortDescription
        }
        if Self.isDistrust(error) {
            return "its certificate is not one that this machine trusts for that name"
        }
        if error is NIOSSLError { return "it does not speak TLS 1.2 or newer there" }
        let text = String(describing: error)
        if text.contains("Connection reset") { return "connection reset" }
        return text.contains("Connection refused") ? "connection refused" : text
    }

    /// Whether it is about the server's certificate.
    private static func isDistrust(_ error: any Error) -> Bool {
        switch error {
        case is NIOSSLExtraError: true
        // BoringSSL tells by its text alone.
        case is NIOSSLError: String(describing: error).contains("CERTIFICATE_VERIFY_FAILED")
        default: false
        }
    }

    /// Gitea's own (`[webhook] DELIVER_TIMEOUT`).
    static let giteaPatience = TimeAmount.seconds(5)

    /// An ingress answers in one line; another server may send a page.
    private static let bodyBytesMax = 1 << 20
}

extension IngressSettings {
    /// Where deliveries go, seen from this machine.
    func url(of source: SourceSettings) -> String {
        "\(tls == nil ? "http" : "https")://\(listen.local)\(source.path)"
    }

    /// What says whether the ingress is ready; without a health port, its refusal of a GET does.
    var readyURL: String {
        health.map { "http://\($0.local)/readyz" } ?? url(of: firstSource)
    }
}

extension HostPort {
    /// An address that can be connected to: "all addresses" is for listening alone.
    var local: HostPort {
        switch host {
        case "0.0.0.0": HostPort(host: "127.0.0.1", port: port)
        case "::": HostPort(host: "::1", port: port)
        default: self
        }
    }
}

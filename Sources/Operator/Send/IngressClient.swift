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
    }

    private let client: HTTPClient

    /// Runs `body` with a client and closes its connections afterwards.
    ///
    /// - Parameters:
    ///   - isOwn: whether it talks to the configured ingress alone. That is on this machine, and its
    ///     certificate is for the name that Gitea uses: it is not looked at.
    ///   - body: is given the client.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws.
    static func with<Value>(
        own isOwn: Bool = false,
        _ body: (IngressClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = timeout
        if isOwn {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
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
            value = try await body(IngressClient(client: client))
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
    func post(_ delivery: SignedDelivery, to url: String) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for (name, value) in delivery.headers { request.headers.add(name: name, value: value) }
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
            let response = try await client.execute(request, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.bodyBytesMax)
            return Answer(
                status: Int(response.status.code),
                body: String(buffer: body),
                duration: clock.now - start
            )
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Failure(
                .unavailable,
                "no answer from \(request.url): \(Self.reason(error))",
                hint: "Is `samovar up` (or samovar-ingress) running?"
            )
        }
    }

    /// In few words; the client's own description repeats addresses and names its types.
    private static func reason(_ error: any Error) -> String {
        if let error = error as? HTTPClientError {
            let timeouts: [HTTPClientError] = [
                .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout,
            ]
            return timeouts.contains(error) ? "timeout after 5 s" : error.shortDescription
        }
        let text = String(describing: error)
        return text.contains("Connection refused") ? "connection refused" : text
    }

    /// Gitea's own (`[webhook] DELIVER_TIMEOUT`).
    private static let timeout = TimeAmount.seconds(5)

    /// An ingress answers in one line; another server may send a page.
    private static let bodyBytesMax = 1 << 20
}

extension IngressSettings {
    /// Where deliveries go, seen from this machine.
    var url: String { "\(tls == nil ? "http" : "https")://\(listen.local)\(path)" }

    /// What says whether the ingress is ready; without a health port, its refusal of a GET does.
    var readyURL: String {
        health.map { "http://\($0.local)/readyz" } ?? url
    }
}

extension HostPort {
    /// An address that can be connected to: "all addresses" is for listening alone.
    fileprivate var local: HostPort {
        switch host {
        case "0.0.0.0": HostPort(host: "127.0.0.1", port: port)
        case "::": HostPort(host: "::1", port: port)
        default: self
        }
    }
}

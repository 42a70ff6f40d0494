import Foundation
import NIOSSL
import QueueCore
import Settings
import Spawn
import TestSupport
import Testing

@testable import Worker

/// Real TLS, with certificates that the `openssl` program makes.
@Suite(.timeLimit(.minutes(10)))
struct HTTPTLSTests {
    /// A certificate that signs itself, for an address or a name.
    private struct Certificate {
        var pem: [UInt8]
        var context: NIOSSLContext

        init(in folder: String, for name: String) throws {
            let certificate = "\(folder)/cert.pem"
            let key = "\(folder)/key.pem"
            try openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=samovar test", "-addext",
                "subjectAltName=\(name)", "-keyout", key, "-out", certificate,
            ])
            pem = Array(try Data(contentsOf: URL(filePath: certificate)))
            context = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMFile(certificate)
                        .map { .certificate($0) },
                    privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem))
                )
            )
        }
    }

    private func run(
        certificateFor name: String,
        trusting: Bool
    ) async throws -> AttemptEnd {
        try await withTemporaryFolder { folder in
            let certificate = try Certificate(in: folder, for: name)
            let authorities = CertificateFile(file: "/ca.pem", pem: certificate.pem)
            return try await TestServer.with(tls: certificate.context) { _ in
                .status(200, body: "ok")
            } _: { server in
                let settings = HTTPSettings(
                    url: "https://127.0.0.1:\(server.port)/",
                    authorities: trusting ? authorities : nil
                )
                return try await HTTPTrial.with(settings) { try await $0.run() }
            }
        }
    }

    @Test
    func `a certificate that nobody vouches for is refused, and tried again`() async throws {
        let end = try await run(certificateFor: "IP:127.0.0.1", trusting: false)
        #expect(end.outcome == .waits)
        #expect(
            end.error?.hasPrefix("TLS: the certificate is not trusted, or has expired: 127.0.0.1:")
                == true,
            "\(end.error ?? "")"
        )
    }

    @Test
    func `a certificate of a configured authority is trusted`() async throws {
        let end = try await run(certificateFor: "IP:127.0.0.1", trusting: true)
        #expect(end.outcome == .done)
        #expect(end.outputText == "ok")
    }

    @Test
    func `a certificate for another host is refused`() async throws {
        let end = try await run(certificateFor: "DNS:elsewhere.example", trusting: true)
        #expect(end.outcome == .waits)
        #expect(
            end.error?.hasPrefix("TLS: the certificate is not for this host: 127.0.0.1:") == true,
            "\(end.error ?? "")"
        )
    }

    @Test
    func `a server that does not speak TLS is told apart`() async throws {
        try await TestServer.with { _ in
            .status(200)
        } _: { server in
            // The first bytes of TLS are no request: the server says nothing and the client waits.
            let settings = HTTPSettings(url: "https://127.0.0.1:\(server.port)/")
            try await HTTPTrial.with(settings, timeout: .milliseconds(300)) { trial in
                let end = try await trial.run()
                #expect(end.error == "timed out after 300 ms")
            }
        }
    }

    @Test
    func `certificates that cannot be read are a mistake in the configuration`() async throws {
        let settings = HTTPSettings(
            url: "https://h/",
            authorities: CertificateFile(
                file: "/etc/ca.pem",
                pem: Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
            )
        )
        let error = await #expect(throws: ConfigurationError.self) {
            try await HTTPTrial.with(settings) { _ in }
        }
        #expect(error?.diagnostics.map(\.file) == ["/etc/ca.pem"])
    }
}

/// Runs the program to its end.
private func openssl(_ arguments: [String]) throws {
    let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(nothing) }
    let child = try ChildProcess(
        command: ["/usr/bin/openssl"] + arguments,
        environment: ["HOME=/nonexistent"],
        directory: nil,
        standardInput: nothing,
        standardOutput: nothing,
        standardError: nothing
    )
    var events = pollfd(fd: child.exitDescriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&events, 1, -1) < 1 {}
    try #require(child.reap() == .code(0), "openssl \(arguments)")
}

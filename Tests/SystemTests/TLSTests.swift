import Foundation
import Spawn
import TestSupport
import Testing

/// TLS on the hooks port, with real clients.
@Suite(.timeLimit(.minutes(10)))
struct TLSTests {
    private let settings = SiteSettings(
        ingress: ["tls: { certificate: cert.pem, key: key.pem }"]
    )

    /// Makes a certificate that signs itself, and its key.
    private func makeCertificate(
        _ name: String,
        in site: Site,
        certificate: String = "cert.pem",
        key: String = "key.pem",
        more: [String] = ["-nodes", "-days", "30"]
    ) throws {
        let openssl = try site.run(
            [
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ] + more
        )
        let exit = try openssl.awaitExit()
        try #require(exit == .code(0), "\(openssl.output)")
        _ = unsafe chmod(site.path(key), 0o600)
    }

    private func send(
        _ options: [String] = [],
        to ingress: RunningIngress,
        in site: Site
    ) throws
        -> String
    {
        let curl = try site.curl(
            ["--cacert", site.path("cert.pem")] + options,
            Request(),
            "https://127.0.0.1:\(ingress.port)"
        )
        try curl.awaitExit()
        return curl.output
    }

    /// The name in the certificate that a new connection is shown.
    private func shownName(by ingress: RunningIngress, in site: Site) throws -> String {
        let client = try site.run([
            "/usr/bin/openssl", "s_client", "-connect", "127.0.0.1:\(ingress.port)",
        ])
        try client.awaitExit()
        let line = client.output.split(separator: "\n").first { $0.hasPrefix("subject=") }
        return line.map { String($0.filter { $0 != " " }) } ?? client.output
    }

    @Test
    func `deliveries come in encrypted, and in no other way`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            let ingress = try site.startIngress()
            #expect(try send(to: ingress, in: site).contains(#""status":"accepted""#))
            #expect(
                try send(["--tlsv1.2", "--tls-max", "1.2"], to: ingress, in: site)
                    .contains(#""status":"accepted""#)
            )
            let plain = try ingress.connect()
            try plain.send(Request().bytes)
            _ = try? plain.awaitEnd()  // reset or closed, both are no answer
            #expect(try site.deliveries == 2)
            // The health port stays plain.
            #expect(try ingress.health("/readyz").status == 200)
        }
    }

    @Test
    func `a client that goes without an end of TLS is no failure`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            let ingress = try site.startIngress()
            try site.write(String(decoding: Request().bytes, as: UTF8.self), to: "request")
            let client = try site.run([
                "/bin/sh", "-c",
                "exec openssl s_client -quiet -connect 127.0.0.1:\(ingress.port) < request",
            ])
            try client.awaitLine("HTTP/1.1 202 Accepted")
            client.killNow()
            try waitUntil("the connection to be gone") {
                try ParsedExposition(ingress.health("/metrics").text)
                    .value("samovar_connections") == 0
            }
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            #expect(!ingress.program.output.contains("TLS failed"))
        }
    }

    @Test
    func `versions before TLS 1.2 are refused`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            let ingress = try site.startIngress()
            for version in ["-tls1", "-tls1_1"] {
                let client = try site.run([
                    "/usr/bin/openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0",
                    "-connect", "127.0.0.1:\(ingress.port)",
                ])
                #expect(try client.awaitExit() != .code(0), "\(client.output)")
                #expect(client.output.contains("alert"), "\(client.output)")
            }
            #expect(try send(to: ingress, in: site).contains(#""status":"accepted""#))
        }
    }

    @Test
    func `SIGHUP shows a new certificate to new connections`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("one", in: site)
            let ingress = try site.startIngress()
            #expect(try shownName(by: ingress, in: site).hasSuffix("CN=one"))
            // Half a pair, as between the two steps of a renewal.
            try makeCertificate("two", in: site, certificate: "next.pem", key: "key.pem")
            ingress.program.signal(SIGHUP)
            try ingress.program.awaitLine("configuration not reloaded")
            #expect(ingress.program.output.contains("is not the key of the certificate in"))
            #expect(try shownName(by: ingress, in: site).hasSuffix("CN=one"))
            try FileManager.default.removeItem(atPath: site.path("cert.pem"))
            try FileManager.default.moveItem(
                atPath: site.path("next.pem"),
                toPath: site.path("cert.pem")
            )
            ingress.program.signal(SIGHUP)
            try ingress.program.awaitLine("configuration reloaded")
            #expect(try shownName(by: ingress, in: site).hasSuffix("CN=two"))
            #expect(try send(to: ingress, in: site).contains(#""status":"accepted""#))
        }
    }

    @Test
    func `a handshake that never comes is not waited for, nor half a head`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            let ingress = try site.startIngress()
            let silent = try ingress.connect()
            let half = try ingress.connect()
            // The beginning of a record: a handshake of 512 bytes, and nothing of it.
            try half.send([0x16, 0x03, 0x01, 0x02, 0x00])
            try site.write("POST /hooks/gitea HTTP/1.1\r\nHost: x\r\n", to: "half")
            let client = try site.run([
                "/bin/sh", "-c",
                "(cat half; sleep 60) | openssl s_client -quiet "
                    + "-connect 127.0.0.1:\(ingress.port) & wait $!",
            ])
            #expect(try silent.awaitEnd() == [])
            _ = try? half.awaitEnd()  // with an alert or without
            try client.awaitLine("HTTP/1.1 408 Request Timeout")
            #expect(try send(to: ingress, in: site).contains(#""status":"accepted""#))
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
        }
    }

    @Test
    func `what is wrong with the files is said before anything starts`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            try makeCertificate("other", in: site, certificate: "other.pem", key: "other.key")
            try makeCertificate(
                "locked",
                in: site,
                certificate: "locked.pem",
                key: "locked.key",
                more: ["-passout", "pass:secret", "-days", "30"]
            )
            for (certificate, key, text) in [
                ("cert.pem", "other.key", "is not the key of the certificate in"),
                ("locked.pem", "locked.key", "is protected by a passphrase"),
                ("missing.pem", "key.pem", "missing.pem does not exist"),
                ("cert.pem", "cert.pem", "holds no private key"),
                ("key.pem", "key.pem", "holds no certificate"),
            ] {
                try site.write(
                    SiteSettings(ingress: ["tls: { certificate: \(certificate), key: \(key) }"])
                )
                for (program, words) in [(Binaries.ingress, []), (Binaries.samovar, ["check"])] {
                    let run = try site.start(program, arguments: words)
                    #expect(try run.awaitExit() == .code(78))
                    #expect(run.output.contains("samovar.yaml:5:"), "\(run.output)")
                    #expect(run.output.contains(text), "\(run.output)")
                }
            }
        }
    }

    @Test
    func `a certificate near its end draws a warning, and works`() async throws {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site, more: ["-nodes", "-days", "3"])
            let ingress = try site.startIngress()
            #expect(ingress.program.output.contains("replace it, then send SIGHUP"))
            #expect(try send(to: ingress, in: site).contains(#""status":"accepted""#))
            let check = try site.start(Binaries.samovar, arguments: ["check"])
            #expect(try check.awaitExit() == .code(0))
            #expect(check.output.contains("replace it, then send SIGHUP"))
        }
    }

    @Test
    func `samovar send reaches its own ingress, whatever name the certificate is for`()
        async throws
    {
        try await Site.with(settings) { site in
            try makeCertificate("gitea.example.org", in: site)
            let ingress = try site.startIngress()
            var fixed = settings
            fixed.listen = "127.0.0.1:\(ingress.port)"
            try site.write(fixed)
            let send = try site.start(Binaries.samovar, arguments: ["send", "push"])
            #expect(try send.awaitExit() == .code(0), "\(send.output)")
            #expect(send.output.contains(" 202 "))
        }
    }

    @Test
    func `send tells of a certificate that nobody vouches for, and believes one that is named`()
        async throws
    {
        try await Site.with(settings) { site in
            try makeCertificate("tea", in: site)
            try makeCertificate("other", in: site, certificate: "other.pem", key: "other.key")
            let ingress = try site.startIngress()
            let port = ingress.port
            func send(_ options: [String], port: UInt16, exit: Int32) throws -> String {
                let url = ["send", "push", "--url", "https://127.0.0.1:\(port)/hooks/gitea"]
                let program = try site.start(Binaries.samovar, arguments: url + options)
                #expect(try program.awaitExit() == .code(exit), "\(program.output)")
                return program.output
            }
            for options in [[], ["--ca", site.path("other.pem")]] {
                let text = try send(options, port: port, exit: 69)
                #expect(text.contains("its certificate is not one that this machine trusts"))
                #expect(text.contains("--ca FILE"))
            }
            let known = try send(["--ca", site.path("cert.pem")], port: port, exit: 0)
            #expect(known.contains(" 202 "))
            let noCertificate = try send(["--ca", site.path("key.pem")], port: port, exit: 1)
            #expect(noCertificate.contains("holds no certificate in PEM form"))
            #expect(try send([], port: ingress.healthPort, exit: 69).contains("does not speak TLS"))
        }
    }
}

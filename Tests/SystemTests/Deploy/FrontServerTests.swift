import Foundation
import GRDB
import TestSupport
import Testing

/// nginx and Caddy before the ingress, and the ingress with TLS of its own, as `deploy/` sets them
/// up.
@Suite
struct FrontServerTests {
    private let settings = SiteSettings(ingress: ["proxies: [127.0.0.1/32]"])

    /// A recording with a signature of its own, as Gitea sent it.
    private func recording(_ name: String) throws -> Request {
        Request(try #require(try Recording.all().first { $0.name == name }).delivery)
    }

    @Test(arguments: FrontServer.allCases)
    func `a recorded delivery comes through TLS and is stored with its client's address`(
        _ kind: FrontServer
    ) async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let front = try kind.start(in: site, upstream: ingress.port)
            defer { front.program.killNow() }
            for name in ["push-default-branch.http", "push-tag-form.http"] {
                let request = try recording(name).with {
                    // What a client claims about itself does not count.
                    $0.set("X-Forwarded-For", "203.0.113.9")
                }
                let reply = try front.send(request)
                #expect(reply.status == 202, "\(name): \(reply.body) \(front.program.output)")
                // Gitea would send the next POST over a connection that is being closed.
                #expect(reply.head.contains("connection: close"))
                let bodies = try site.reader.number(
                    "SELECT count(*) FROM delivery WHERE delivery_id = ? AND body = ?",
                    [request.id, request.body]
                )
                #expect(bodies == 1)
            }
            #expect(try site.reader.texts("SELECT DISTINCT remote FROM delivery") == [Curl.client])
            let forged = try recording("push-branch.http").with { $0.body.append(0x20) }
            #expect(try front.send(forged).status == 401)
        }
    }

    @Test(arguments: FrontServer.allCases)
    func `bodies up to the limit pass, and Samovar itself refuses what is larger`(
        _ kind: FrontServer
    ) async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let front = try kind.start(in: site, upstream: ingress.port)
            defer { front.program.killNow() }
            let limit = 32 << 20
            let largest = Request(body: Data(repeating: 0x20, count: limit))
            #expect(try front.send(largest).status == 202, "\(front.program.output)")
            let chunked = ["--header", "Transfer-Encoding: chunked"]
            let inChunks = Request(body: Data(repeating: 0x20, count: 1 << 20))
            #expect(try front.send(inChunks, options: chunked).status == 202)
            let larger = Request(body: Data(repeating: 0x20, count: limit + 1))
            let refused = try front.send(larger)
            #expect(refused.status == 413)
            #expect(refused.body.contains("\"status\":\"error\""), "\(refused.body)")
            #expect(try site.deliveries == 2)
        }
    }

    @Test(arguments: FrontServer.allCases)
    func `an ingress that is away is an error for Gitea, and one that is back is not`(
        _ kind: FrontServer
    ) async throws {
        try await Site.with(settings) { site in
            let first = try site.startIngress()
            let front = try kind.start(in: site, upstream: first.port)
            defer { front.program.killNow() }
            #expect(try front.send(Request()).status == 202)
            first.program.signal(SIGTERM)
            try first.program.awaitExit()
            #expect(try front.send(Request()).status == 502)
            var again = settings
            again.listen = "127.0.0.1:\(first.port)"
            try site.write(again)
            _ = try site.startIngress()
            #expect(try front.send(Request()).status == 202)
            #expect(try site.deliveries == 2)
        }
    }

    @Test
    func `every form of proxy_pass leads to the ingress`() async throws {
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            let front = try FrontServer.nginx.start(
                in: site,
                upstream: ingress.port,
                locations: Deploy.text("nginx/paths.conf")
            )
            defer { front.program.killNow() }
            let paths = [
                "/hooks/gitea", "/gitea-webhook", "/samovar/gitea", "/stripped/hooks/gitea",
                "/org/tea/hook",
            ]
            for path in paths {
                let reply = try front.send(Request().with { $0.target = path })
                #expect(reply.status == 202, "\(path): \(reply.body)")
            }
            #expect(try site.deliveries == paths.count)
        }
    }

    @Test
    func `the direct set-up speaks TLS by itself`() async throws {
        try await Site.with(settings) { site in
            try Certificate.make(in: site)
            let text = try Deploy.text("direct/samovar.yaml")
                .replacing("/var/lib/samovar/queue.db", with: "queue.db")
                .replacing("127.0.0.1:8443", with: "127.0.0.1:0")
                .replacing("127.0.0.1:8481", with: "127.0.0.1:0")
                .replacing("/etc/samovar/tls/certificate.pem", with: "tls.pem")
                .replacing("/etc/samovar/tls/key.pem", with: "tls.key")
                .replacing("192.0.2.10/32", with: "\(Curl.client)/32")
                .replacing("/etc/samovar/webhook.secret", with: "test.secret")
            try site.write(text, to: "samovar.yaml")
            let ingress = try site.startIngress()
            let reply = try Curl.send(
                recording("push-default-branch.http"),
                to: "127.0.0.1",
                port: Int(ingress.port),
                in: site
            )
            #expect(reply.status == 202, "\(reply.body)")
            #expect(try site.reader.texts("SELECT remote FROM delivery") == [Curl.client])
        }
    }
}

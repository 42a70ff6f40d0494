import Foundation
import GRDB
import Gitea
import TestSupport
import Testing

/// Several sources, and who is believed at each.
@Suite
struct SourceTests {
    private static let denied = #"{"status":"error","error":"signature missing or wrong"}"# + "\n"
    private static let forbidden =
        #"{"status":"error","error":"requests from this address are not taken"}"# + "\n"

    private static func unsigned(_ request: Request = Request()) -> Request {
        request.with {
            $0.removeAll("Signature")
            $0.removeAll("Signature-256")
        }
    }

    private static let bearer = "Bearer a-long-token-of-senders"

    private func seqs(_ site: Site, _ condition: String) throws -> Int? {
        try site.reader.number("SELECT count(*) FROM delivery WHERE \(condition)")
    }

    // MARK: Several

    @Test
    func `each source has its path, its secrets, its limit, and its name on deliveries`()
        async throws
    {
        let settings = SiteSettings(
            secrets: [],
            ingress: [
                "sources:",
                "  - { name: forge, path: /forge, secrets: [{ id: a, file: a.secret }] }",
                "  - name: mirror",
                "    path: /mirror/in",
                "    max_body: 1KiB",
                "    secrets: [{ id: a, file: b.secret }, { id: c, file: c.secret }]",
            ]
        )
        try await Site.with(settings) { site in
            for id in ["a", "b", "c"] { try site.write("secret \(id)", to: "\(id).secret") }
            let ingress = try site.startIngress()
            func send(_ path: String, _ secret: String, bytes: Int = 0) throws -> Int {
                let key = SigningKey(id: "", key: Array("secret \(secret)".utf8))
                let body = Request.push() + Data(repeating: 0x20, count: bytes)
                return try ingress.send(Request(body: body, key: key).with { $0.target = path })
                    .status
            }
            #expect(try send("/forge", "a") == 202)
            #expect(try send("/forge", "b") == 401)
            #expect(try send("/mirror/in", "a") == 401)
            #expect(try send("/mirror/in", "b") == 202)
            #expect(try send("/mirror/in", "c") == 202)
            #expect(try send("/mirror", "b") == 404)
            #expect(try send("/hooks/gitea", "a") == 404)
            #expect(try send("/mirror/in", "b", bytes: 1024) == 413)
            #expect(try send("/forge", "a", bytes: 1024) == 202)
            let rows = try site.reader.texts(
                "SELECT source || ' ' || verified_by FROM delivery ORDER BY seq"
            )
            #expect(rows == ["forge a", "mirror a", "mirror c", "forge a"])
            try waitUntil("the refused body to be counted") {
                try site.reader.text("SELECT source FROM incident WHERE kind = 'body_too_large'")
                    == "mirror"
            }
        }
    }

    @Test
    func `the same id at two sources is two deliveries`() async throws {
        let settings = SiteSettings(
            secrets: [],
            ingress: [
                "sources:",
                "  - { name: one, path: /1, secrets: [{ id: a, file: a.secret }] }",
                "  - { name: two, path: /2, secrets: [{ id: a, file: a.secret }] }",
            ]
        )
        try await Site.with(settings) { site in
            try site.write("s3cret", to: "a.secret")
            let ingress = try site.startIngress()
            let request = Request()
            #expect(try ingress.send(request.with { $0.target = "/1" }).status == 202)
            #expect(try ingress.send(request.with { $0.target = "/2" }).status == 202)
            #expect(try ingress.send(request.with { $0.target = "/2" }).status == 200)
            #expect(try site.deliveries == 2)
        }
    }

    // MARK: Observe

    /// A route that takes what is not verified, and what the owner (who pushes in all tests) does;
    /// Gitea has nothing to say to either.
    private static func observing(_ name: String, command: String) -> SiteSettings {
        let handler = SiteSettings.Handler(
            name: name,
            command: [command],
            route: ["when: { trust: [owner, readonly] }"]
        )
        return SiteSettings(
            ingress: ["verify: observe"],
            sections: [
                "gitea: { url: \"http://127.0.0.1:9\", token_file: test.secret }",
                "trust: { owners: [5] }",
            ],
            handlers: [handler]
        )
    }

    @Test
    func `observe stores what has no signature as unverified, never what has a wrong one`()
        async throws
    {
        let settings = Self.observing("keep", command: "keep")
        try await Site.with(settings) { site in
            try site.script("keep", "cat >> envelopes; echo >> envelopes")
            let ingress = try site.startIngress()
            #expect(ingress.program.output.contains("ingress.verify is observe"))
            #expect(try ingress.send(Self.unsigned()).status == 202)
            let empty = Request().with {
                $0.set("X-Gitea-Signature", "")
                $0.set("X-Gogs-Signature", "")
                $0.set("X-Hub-Signature-256", "sha256=")
            }
            #expect(try ingress.send(empty).status == 202)
            #expect(try seqs(site, "verified_by IS NULL") == 2)
            #expect(try ingress.send(Request()).status == 202)
            #expect(try seqs(site, "verified_by = 'test'") == 1)
            for wrong in [
                Request().with { $0.body.append(0x20) },
                Request().with { $0.set("X-Gitea-Signature", "none") },
                Self.unsigned().with {
                    $0.set("X-Gogs-Signature", String(repeating: "0", count: 64))
                },
            ] {
                let reply = try ingress.send(wrong)
                #expect(reply.status == 401)
                #expect(reply.text == Self.denied)
            }
            let form = Self.unsigned(Request(body: Data("payload=%7B%7D".utf8)))
                .with { $0.set("Content-Type", "application/x-www-form-urlencoded") }
            #expect(try ingress.send(form).status == 202)

            try site.startWorker()
            try site.awaitQuiet()
            let verified = try String(contentsOfFile: site.path("envelopes"), encoding: .utf8)
                .split(separator: "\n").map { $0.contains(#""verified":true"#) }
            #expect(verified.filter(\.self).count == 1)
            #expect(verified.count >= 3)
        }
    }

    @Test
    func `an unverified delivery is never taken for the repeat of another, nor its original`()
        async throws
    {
        let settings = Self.observing("note", command: "/usr/bin/true")
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            try site.startWorker()
            let body = Request.push()
            for request in [
                Self.unsigned(Request(body: body)), Request(body: body),
                Self.unsigned(Request(body: body)),
            ] {
                try ingress.accept(request)
                try site.awaitQuiet()
            }
            let verdicts = try site.reader.texts("SELECT verdict FROM routing ORDER BY delivery")
            #expect(verdicts == ["routed", "routed", "routed"])
            try ingress.accept(Request(body: body))
            try site.awaitQuiet()
            #expect(
                try site.reader.text("SELECT verdict FROM routing ORDER BY delivery DESC LIMIT 1")
                    == "repeat"
            )
        }
    }

    // MARK: Bearer

    @Test
    func `a bearer token is needed as well, and its lack looks like a wrong signature`()
        async throws
    {
        try await Site.with(SiteSettings(ingress: ["bearer_file: senders.token"])) { site in
            try site.write("a-long-token-of-senders\n", to: "senders.token", mode: 0o600)
            let ingress = try site.startIngress()
            let right = Request().with { $0.set("Authorization", Self.bearer) }
            let refused = [
                Request(),
                Request().with { $0.set("Authorization", "Bearer another-token-of-same") },
                Request().with { $0.set("Authorization", "Basic YTpi") },
                // Two of them: who is in between may read the other one.
                right.with { $0.headers.append((name: "Authorization", value: Self.bearer)) },
                right.with { $0.body.append(0x20) },
                Self.unsigned(right),
            ]
            for request in refused {
                let reply = try ingress.send(request)
                #expect(reply.status == 401)
                #expect(reply.text == Self.denied)
            }
            #expect(try site.deliveries == 0)
            #expect(try ingress.send(right).status == 202)
            let stored = try site.reader.text("SELECT headers FROM delivery")
            #expect(stored?.contains("a-long-token") == false)
            #expect(!ingress.program.output.contains("a-long-token"))
        }
    }

    // MARK: Networks

    @Test
    func `only clients of the networks are taken, and that is checked right after the path`()
        async throws
    {
        try await Site.with(SiteSettings(ingress: ["networks: [127.0.0.8/29]"])) { site in
            let ingress = try site.startIngress()
            let worst = Self.unsigned().with { $0.method = "PUT" }
            for client in [1, 7, 16] as [UInt32] {
                let reply = try ingress.send(worst, client: client)
                #expect(reply.status == 403)
                #expect(reply.text == Self.forbidden)
                #expect(try ingress.send(Request(), client: client).status == 403)
            }
            let elsewhere = worst.with { $0.target = "/" }
            #expect(try ingress.send(elsewhere).status == 404)
            #expect(try ingress.send(Request(), client: 9).status == 202)
            #expect(try site.reader.text("SELECT remote FROM delivery") == "127.0.0.9")
            // Without trusted proxies nobody is believed about another one.
            let liar = Request().with { $0.set("X-Forwarded-For", "127.0.0.9") }
            #expect(try ingress.send(liar).status == 403)
        }
    }

    @Test
    func `behind a trusted proxy the client is whom it names`() async throws {
        let settings = SiteSettings(
            ingress: ["networks: [192.0.2.0/24]", "proxies: [127.0.0.2, 10.0.0.0/8]"]
        )
        try await Site.with(settings) { site in
            let ingress = try site.startIngress()
            func send(_ forwarded: String..., client: UInt32 = 2) throws -> Int {
                try ingress.send(
                    Request().with { request in
                        for value in forwarded {
                            request.headers.append((name: "X-Forwarded-For", value: value))
                        }
                    },
                    client: client
                ).status
            }
            #expect(try send("192.0.2.7") == 202)
            #expect(try send("192.0.2.8:4711") == 202)
            #expect(try send("192.0.2.9, 10.0.0.1") == 202)
            #expect(try send("203.0.113.9", "192.0.2.10", "10.0.0.1") == 202)
            // What the client itself wrote does not count.
            #expect(try send("192.0.2.7, 203.0.113.9") == 403)
            #expect(try send("192.0.2.7", "garbage") == 403)
            #expect(try send() == 403)
            #expect(try send("192.0.2.7", client: 1) == 403)
            #expect(
                try site.reader.texts("SELECT remote FROM delivery ORDER BY seq")
                    == ["192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10"]
            )
        }
    }

    // MARK: Throttle

    @Test
    func `who fails too often is told to wait, and signed deliveries of the same address go on`()
        async throws
    {
        try await Site.with(SiteSettings(ingress: ["proxies: [127.0.0.2]"])) { site in
            let ingress = try site.startIngress()
            let forged = Request().with { $0.body.append(0x20) }
            let proxied = forged.with { $0.set("X-Forwarded-For", "192.0.2.1") }
            var statuses: [Int] = []
            for index in 1...24 {
                let failing = index.isMultiple(of: 2) ? forged : Self.unsigned()
                let reply = try ingress.send(failing)
                statuses.append(reply.status)
                if reply.status == 429 {
                    let seconds = try #require(reply.headers["retry-after"].flatMap { Int($0) })
                    #expect((1...60).contains(seconds))
                    #expect(
                        reply.text == #"{"status":"error","error":"too many requests "#
                            + #"with a signature missing or wrong"}"# + "\n"
                    )
                }
                // In between, and after the limit.
                try ingress.accept(Request())
            }
            #expect(statuses == Array(repeating: 401, count: 20) + Array(repeating: 429, count: 4))
            // Another address, and another client of a proxy that is believed.
            #expect(try ingress.send(forged, client: 3).status == 401)
            for _ in 1...20 { #expect(try ingress.send(proxied, client: 2).status == 401) }
            #expect(try ingress.send(proxied, client: 2).status == 429)
            let other = proxied.with { $0.set("X-Forwarded-For", "192.0.2.2") }
            #expect(try ingress.send(other, client: 2).status == 401)
            // A large body of one who is told to wait is not waited for.
            let connection = try ingress.connect()
            let large = Self.unsigned().with { $0.set("Content-Length", "\(20 << 20)") }
            try connection.send(large.head)
            #expect(try connection.reply().status == 429)
            #expect(try connection.awaitEnd() == [])
            #expect(try site.deliveries == 24)
        }
    }
}

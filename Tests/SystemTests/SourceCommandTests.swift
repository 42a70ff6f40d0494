import Foundation
import Spawn
import TestSupport
import Testing

/// `samovar`'s commands on a site with several sources.
@Suite
struct SourceCommandTests {
    private let settings = SiteSettings(
        secrets: [],
        ingress: [
            "proxies: [192.0.2.0/24]",
            "sources:",
            "  - name: tok",
            "    path: /tok",
            "    bearer_file: senders.token",
            "    secrets: [{ id: n1, file: n.secret }, { id: t1, file: shared.secret }]",
            "  - name: lan",
            "    path: /lan/in",
            "    verify: observe",
            "    networks: [127.0.0.0/8]",
            "    max_body: 1KiB",
            "    secrets: [{ id: l1, file: shared.secret }]",
        ]
    )

    private func withSite(_ body: (Site) async throws -> Void) async throws {
        try await Site.with(settings) { site in
            for name in ["n.secret", "shared.secret", "senders.token"] {
                try site.write("the-text-of-\(name)\n", to: name, mode: 0o600)
            }
            try await body(site)
        }
    }

    /// What a command printed, which ended as it should.
    private func samovar(_ site: Site, _ words: String..., exit: Int32 = 0) throws -> String {
        let program = try site.start(Binaries.samovar, arguments: words)
        #expect(try program.awaitExit() == .code(exit), "\(program.output)")
        return program.output
    }

    // MARK: Secrets

    @Test
    func `without a source, secrets are not changed, and that is a mistake of usage`() async throws
    {
        try await withSite { site in
            for words in [["rotate"], ["retire", "t1"]] {
                let program = try site.start(Binaries.samovar, arguments: ["secrets"] + words)
                #expect(try program.awaitExit() == .code(64))
                #expect(program.output.contains("Name one with --source: tok, lan."))
            }
        }
    }

    @Test
    func `next steps name the source and the configuration that were named`() async throws {
        try await withSite { site in
            let text = try samovar(site, "secrets", "rotate", "--source", "lan", "--id", "l2")
            let options = "--config \(site.path("samovar.yaml"))"
            #expect(text.contains("`samovar secrets list \(options)`"))
            #expect(text.contains("  samovar secrets retire l1 --source lan \(options)\n"))
        }
    }

    @Test
    func `a retired secret's file is deleted only when nothing else names it`() async throws {
        try await withSite { site in
            let words = ["--source", "tok", "--force"]
            let kept = try samovar(site, "secrets", "retire", "t1", words[0], words[1], words[2])
            #expect(kept.contains("shared.secret: still used by l1 of lan\n"), "\(kept)")
            #expect(!kept.contains("rm "))
            _ = try samovar(site, "secrets", "rotate", "--source", "lan", "--id", "l2")
            let gone = try samovar(site, "secrets", "retire", "l1", "--source", "lan", "--force")
            #expect(gone.contains("delete the secret: rm \(site.path("shared.secret"))\n"))
        }
    }

    // MARK: Send

    @Test
    func `send signs as the source's hooks do, and shows its bearer token`() async throws {
        try await withSite { site in
            let ingress = try site.startIngress()
            var fixed = settings
            fixed.listen = "127.0.0.1:\(ingress.port)"
            try site.write(fixed)
            _ = try samovar(site, "send", "push")
            let url = "http://127.0.0.1:\(ingress.port)"
            _ = try samovar(site, "send", "push", "--url", "\(url)/tok")
            let file = site.path("shared.secret")
            _ = try samovar(site, "send", "push", "--secret-file", file)
            // 1 KiB at most there.
            try site.write("{}", to: "small.json")
            let small = ["send", "small.json", "--event", "push"]
            for options in [["--source", "lan"], ["--url", "\(url)/lan/in"]] {
                let program = try site.start(Binaries.samovar, arguments: small + options)
                #expect(try program.awaitExit() == .code(0), "\(program.output)")
            }
            let rows = try site.reader.texts(
                "SELECT source || ' ' || coalesce(verified_by, '') FROM delivery ORDER BY seq"
            )
            #expect(rows == ["tok n1", "tok n1", "tok t1", "lan l1", "lan l1"])
            let list = try samovar(site, "deliveries", "list")
            #expect(list.contains("  lan     l1           "), "\(list)")

            // Without its token it is refused, and the note says what was shown.
            let refused = try samovar(
                site,
                "send",
                "push",
                "--url",
                "\(url)/tok",
                "--secret-file",
                file,
                exit: 1
            )
            #expect(refused.contains(", without a bearer token: does the receiver know the same?"))
        }
    }

    // MARK: Check

    @Test
    func `check shows every source, and warns of what nobody wants`() async throws {
        try await withSite { site in
            let text = try samovar(site, "check")
            let lines = text.split(separator: "\n").map { line in
                line.split(separator: " ").joined(separator: " ")
            }
            let token = site.path("senders.token")
            for line in [
                "tls none", "proxies 192.0.2.0/24",
                "source path secrets verify bearer networks max_body",
                "tok /tok n1, t1 enforce \(token) any 32 MiB",
                "lan /lan/in l1 observe - 127.0.0.0/8 1.0 KiB",
                "warning: there are no routes: every delivery is stored, and none is run",
            ] { #expect(lines.contains(line), "\(line) in \(lines)") }
            #expect(!text.contains("--allow-public"))

            var open = settings
            open.listen = "0.0.0.0:8480"
            open.handlers = [SiteSettings.Handler(name: "h", command: ["/usr/bin/true"])]
            try site.write(open)
            let program = try site.start(Binaries.samovar, arguments: ["check", "--json"])
            #expect(try program.awaitExit() == .code(0))
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
            )
            let warnings = try #require(object["warnings"] as? [String])
            #expect(warnings.contains { $0.contains("only with --allow-public") })
            #expect(!warnings.contains { $0.contains("no routes") })
            let sources = try #require(object["sources"] as? [[String: Any]])
            #expect(sources.map { $0["name"] as? String } == ["tok", "lan"])
            #expect(sources.map { $0["max_body"] as? Int } == [32 << 20, 1 << 10])
        }
    }
}

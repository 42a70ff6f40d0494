import Spawn
import Testing

/// `samovar check` beside the services that go by the same file.
@Suite
struct CheckTests {
    private func samovar(_ site: Site, _ words: String...) throws -> RunningProgram {
        try site.start(Binaries.samovar, arguments: words)
    }

    @Test
    func `a spool whose folder is missing is refused by check and ingress alike`() async throws {
        try await Site.with(SiteSettings(ingress: ["spool: nowhere/spool"])) { site in
            let ingress = try site.start(Binaries.ingress)
            let check = try samovar(site, "check")
            for program in [ingress, check] {
                #expect(try program.awaitExit() == .code(69), "\(program.output)")
                #expect(
                    program.output.contains(
                        "cannot open the spool \(site.path("nowhere/spool")): "
                            + "No such file or directory"
                    ),
                    "\(program.output)"
                )
            }
        }
    }

    @Test
    func `--strict makes warnings count`() async throws {
        let handler = SiteSettings.Handler(name: "h", command: ["h"])
        try await Site.with(SiteSettings(handlers: [handler])) { site in
            try site.write("#!/bin/sh\r\necho hello\r\n", to: "h", mode: 0o755)
            let lenient = try samovar(site, "check")
            #expect(try lenient.awaitExit() == .code(0), "\(lenient.output)")
            #expect(lenient.output.contains("has a first line that ends with CR LF"))
            let strict = try samovar(site, "check", "--strict")
            #expect(try strict.awaitExit() == .code(1), "\(strict.output)")
            try site.script("h", "true")
            try site.write("s3cret-0123456789abcdef", to: "test.secret", mode: 0o600)
            let fine = try samovar(site, "check", "--strict")
            #expect(try fine.awaitExit() == .code(0), "\(fine.output)")
        }
    }
}

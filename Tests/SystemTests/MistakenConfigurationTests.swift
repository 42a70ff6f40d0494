import Foundation
import QueueCore
import Spawn
import TestSupport
import Testing

/// Commands for a queue whose configuration has mistakes: the services go on with the old one, and
/// so must an operator.
@Suite
struct MistakenConfigurationTests {
    private static let settings = SiteSettings(
        handlers: [SiteSettings.Handler(name: "h", command: ["h"])]
    )

    /// Gives a test a site with a dead job 1, a job 2 that waits, and a file with a mistake.
    private func withSite(
        _ mistake: String = "colour: red\n",
        _ body: (Site) async throws -> Void
    ) async throws {
        try await Site.with(Self.settings) { site in
            try site.script("h", "true")
            let store = try SQLiteStore(path: site.store)
            let clock = TestClock()
            clock.step(by: Clocks.system.now() - clock.now)
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: site.store, clocks: clock.clocks)
            }
            _ = try await queue.addDead()
            _ = try await queue.add([.sample(route: "h")])
            try await store.close()
            try site.write(Self.settings.yaml + mistake, to: "samovar.yaml")
            try await body(site)
        }
    }

    private func samovar(_ site: Site, _ words: [String]) throws -> (code: Int32?, output: String) {
        let program = try site.start(Binaries.samovar, arguments: words)
        let code: Int32? =
            switch try program.awaitExit() {
            case .code(let code): code
            case .signal: nil
            }
        return (code, program.output)
    }

    @Test(
        arguments: [
            ["pause", "--everything"], ["pause", "--handler", "h"], ["pause", "list"],
            ["jobs", "list"], ["jobs", "show", "1"], ["jobs", "why", "2"], ["jobs", "cancel", "2"],
            ["jobs", "retry-now", "2"], ["dead", "list"], ["dead", "requeue", "1"],
            ["deliveries", "list"], ["deliveries", "show", "1"], ["deliveries", "body", "1"],
            ["replay", "1"], ["replay", "list"], ["lease", "list"], ["backup", "copy.db"],
            ["sql", "--readonly", "SELECT 1"],
        ]
    )
    func `what needs the store alone does its work, with a warning`(words: [String]) async throws {
        try await withSite { site in
            let (code, output) = try samovar(site, words)
            #expect(code == 0, "\(output)")
            let warnings = output.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
            #expect(warnings.count == 1, "\(output)")
            #expect(warnings.first?.contains("unknown key 'colour'") == true)
            #expect(warnings.first?.contains("`samovar check`") == true)
        }
    }

    @Test
    func `a pause is set and ended, and a handler's lease is verified in silence`() async throws {
        try await withSite { site in
            #expect(try samovar(site, ["pause", "--route", "h"]).code == 0)
            #expect(try site.reader.number("SELECT count(*) FROM pause") == 1)
            #expect(try samovar(site, ["resume", "--route", "h"]).code == 0)
            #expect(try site.reader.number("SELECT count(*) FROM pause") == 0)
            let lease = try samovar(site, ["lease", "verify", "1.1"])
            #expect(lease.code == 1)
            #expect(!lease.output.contains("warning"))
            // A name that is nowhere is a mistyped one even then.
            #expect(try samovar(site, ["pause", "--handler", "hh"]).code == 2)
        }
    }

    @Test
    func `a handler or route with the mistake itself can be paused`() async throws {
        let mistakes = "  - { name: r, on: push, run: nobody }\n"
        try await withSite(mistakes) { site in
            let (code, output) = try samovar(site, ["pause", "--route", "r"])
            #expect(code == 0, "\(output)")
            #expect(output.contains("paused route r"))
        }
    }

    @Test
    func `what needs more than the store is refused, and does not speak of a start`() async throws {
        try await withSite { site in
            for words in [["check"], ["prune"], ["routes", "list"], ["secrets", "list"]] {
                let (code, output) = try samovar(site, words)
                #expect(code == 78, "\(words): \(output)")
                #expect(output.contains("unknown key 'colour'"))
                #expect(output.contains("Correct this in the configuration."))
            }
        }
    }

    @Test
    func `doctor examines all the same, and reports the mistakes`() async throws {
        try await withSite { site in
            let (code, output) = try samovar(site, ["doctor", "--quick"])
            #expect(code == 1)
            let line = output.split(separator: "\n").first { $0.contains("  configuration  ") }
            #expect(line?.contains("warning") == true, "\(output)")
            #expect(line?.contains("unknown key 'colour'") == true)
            #expect(output.contains("deliveries_are_all_there"))
        }
    }

    @Test
    func `status shows the queue and the ingress, then the mistakes`() async throws {
        let health = "health: 127.0.0.1:1"
        let settings = Self.settings.yaml.replacing("health: 127.0.0.1:0", with: health)
        try await withSite { site in
            try site.write(settings + "colour: red\n", to: "samovar.yaml")
            let (code, output) = try samovar(site, ["status"])
            #expect(code == 78)
            #expect(output.contains("oldest waiting   job 2, made "), "\(output)")
            #expect(output.contains(", waits: no worker is alive"))
            let row = output.split(separator: "\n").first { $0.hasPrefix("ingress  ") }
            #expect(row?.contains("127.0.0.1:1") == true, "\(output)")
            try site.write(
                settings.replacing(health, with: "health: nowhere"),
                to: "samovar.yaml"
            )
            let other = try samovar(site, ["status"]).output
            #expect(other.contains("ingress          not asked: mistakes in the configuration"))
        }
    }

    @Test(arguments: ["", "# nothing yet\n"])
    func `an empty file shows the queue beside it, or says where none is`(
        text: String
    ) async throws {
        try await withSite { site in
            try site.write(text, to: "samovar.yaml")
            let (code, output) = try samovar(site, ["status"])
            #expect(code == 78)
            #expect(output.contains("jobs             1 ready, 0 leased, 0 done, 1 dead"))
            #expect(output.contains("is empty"))
            try FileManager.default.createDirectory(
                atPath: site.path("elsewhere"),
                withIntermediateDirectories: true
            )
            try site.write(text, to: "elsewhere/samovar.yaml")
            let none = try site.run([
                Binaries.samovar, "status", "--config", site.path("elsewhere/samovar.yaml"),
            ])
            #expect(try none.awaitExit() == .code(78))
            #expect(none.output.contains("is empty"))
            #expect(
                none.output.contains("/.local/state/samovar/queue.db, and there is none"),
                "\(none.output)"
            )
        }
    }
}

import Foundation
import Spawn
import TestSupport
import Testing

/// `samovar sql` with the real sqlite3 program.
@Suite
struct SqlTests {
    private func run(
        _ arguments: [String],
        in site: Site,
        under wrapper: [String] = []
    ) throws -> (exit: ChildProcess.Exit, output: String) {
        let program = try site.start(
            Binaries.samovar,
            arguments: ["sql"] + arguments,
            under: wrapper
        )
        return (try program.awaitExit(), program.output)
    }

    @Test
    func `a statement's rows and its exit code are those of sqlite3`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let count = try run(["SELECT count(*) FROM delivery"], in: site)
            #expect(count.exit == .code(0))
            #expect(count.output == "1\n")
            let wrong = try run(["SELECT colour FROM delivery"], in: site)
            #expect(wrong.exit == .code(1))
            #expect(wrong.output.contains("no such column"))
        }
    }

    @Test
    func `the shell waits for others, checks references and makes no checkpoint`() async throws {
        try await Site.with { site in
            _ = try site.startIngress()
            let settings = """
                PRAGMA busy_timeout; PRAGMA wal_autocheckpoint; PRAGMA foreign_keys
                """
            #expect(try run([settings], in: site).output == "5000\n0\n1\n")
            let option = try run([".dbconfig no_ckpt_on_close"], in: site).output
            #expect(option.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix("on"))
        }
    }

    @Test
    func `what it writes is there, and stays when nobody else has the store open`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            ingress.program.signal(SIGTERM)
            try ingress.program.awaitExit()
            let pause = try run(["INSERT INTO pause (kind) VALUES ('everything')"], in: site)
            #expect(pause.exit == .code(0), "\(pause.output)")
            #expect(try site.reader.number("SELECT count(*) FROM paused") == 1)
            let refused = try run(["INSERT INTO replay (delivery) VALUES (999)"], in: site)
            #expect(refused.exit != .code(0))
            #expect(refused.output.contains("no delivery has this seq or id"))
        }
    }

    @Test
    func `with --readonly nothing can be changed`() async throws {
        try await Site.with { site in
            _ = try site.startIngress()
            let change = try run(["--readonly", "DELETE FROM incident"], in: site)
            #expect(change.exit != .code(0))
            #expect(change.output.contains("readonly"))
        }
    }

    @Test
    func `it takes statements from its input, and signals reach it`() async throws {
        try await Site.with { site in
            _ = try site.startIngress()
            func statements(_ text: String) throws -> String {
                let file = "\(site.folder)/statements.sql"
                try text.write(toFile: file, atomically: false, encoding: .utf8)
                let input = ["/bin/sh", "-c", "exec \"$@\" <'\(file)'", "sh"]
                return try run([], in: site, under: input).output
            }
            #expect(try statements("SELECT 40 + 2;") == "42\n")
            // Not by `.shell`: sqlite3 blocks all signals for as long as it starts a child.
            let blocked = try statements(
                """
                CREATE TEMP TABLE status (line);
                .separator | "\\n"
                .import --schema temp /proc/self/status status
                SELECT line FROM status WHERE line LIKE 'SigBlk%';
                """
            )
            #expect(blocked == "SigBlk:\t0000000000000000\n")
        }
    }

    @Test
    func `a store that is missing is not made, and a missing sqlite3 says its package`()
        async throws
    {
        try await Site.with { site in
            let missing = try run(["SELECT 1"], in: site)
            #expect(missing.exit == .code(69))
            #expect(missing.output.contains("there is no store at"))
            #expect(!FileManager.default.fileExists(atPath: site.store))
            _ = try site.startIngress()
            let path = ["/usr/bin/env", "PATH=/nowhere"]
            let without = try run(["SELECT 1"], in: site, under: path)
            #expect(without.exit == .code(69))
            #expect(without.output.contains("apt-get install sqlite3"))
        }
    }
}

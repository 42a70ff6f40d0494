import Spawn
import Foundation
import GRDB
import TestSupport
import Testing

/// Programs that refuse to start say why, and touch nothing.
@Suite
struct StartTests {
    // MARK: Configuration

    @Test
    func `all mistakes of a configuration are reported at once, and nothing is started`()
        async throws
    {
        try await Site.with { site in
            try site.write("", to: "empty.secret", mode: 0o600)
            try site.write(
                """
                store: queue.db
                colour: red
                ingress:
                  listen: 127.0.0.1:0
                  max_body: lots
                  secrets:
                    - { id: a, file: nowhere.secret }
                    - { id: b, file: empty.secret }
                worker: { slots: many }
                gitea: { url: "http://localhost" }
                handlers:
                  note: { exec: [/usr/bin/true] }
                routes:
                  - { name: notes, on: push, run: nope }

                """,
                to: "samovar.yaml"
            )
            let before = try FileManager.default.contentsOfDirectory(atPath: site.folder).sorted()
            let ingress = try site.start(Binaries.ingress)
            #expect(try ingress.awaitExit() == .code(78))
            expect([2, 5, 7, 8, 9, 10, 14], in: ingress.output)
            #expect(ingress.output.contains("no handler is named"))
            #expect(ingress.output.contains("nowhere.secret does not exist"))
            #expect(ingress.output.contains("empty.secret is empty"))

            let worker = try site.start(Binaries.worker)
            #expect(try worker.awaitExit() == .code(78))
            // The worker does not open secrets, which it may not be allowed to read.
            expect([2, 5, 9, 10, 14], in: worker.output)
            let after = try FileManager.default.contentsOfDirectory(atPath: site.folder).sorted()
            #expect(after == before)
        }
    }

    private func expect(_ lines: [Int], in output: String) {
        let reported = output.split(separator: "\n")
            .compactMap { $0.split(separator: "samovar.yaml:").last?.prefix { $0 != ":" } }
            .compactMap { Int($0) }
        #expect(reported == lines, "\(output)")
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `a configuration that is not there is 78`(_ program: String) async throws {
        try await Site.with { site in
            try FileManager.default.removeItem(atPath: site.configuration)
            let program = try site.start(program)
            #expect(try program.awaitExit() == .code(78))
            #expect(program.output.contains("samovar.yaml"))
            #expect(!FileManager.default.fileExists(atPath: site.store))
        }
    }

    @Test
    func `unknown options are 64, --help and --version are 0`() async throws {
        try await Site.with { site in
            for program in [Binaries.ingress, Binaries.worker] {
                for (option, status) in [("--nope", 64), ("--help", 0), ("--version", 0)] {
                    let run = try site.start(program, arguments: [option])
                    #expect(try run.awaitExit() == .code(Int32(status)), "\(option)")
                    #expect(!run.output.isEmpty)
                }
            }
        }
    }

    // MARK: Addresses

    @Test
    func `an address that other machines reach needs --allow-public`() async throws {
        try await Site.with(SiteSettings(listen: "0.0.0.0:0")) { site in
            let refused = try site.start(Binaries.ingress)
            #expect(try refused.awaitExit() == .code(78))
            #expect(refused.output.contains("--allow-public"))
            #expect(!FileManager.default.fileExists(atPath: site.store))

            let allowed = try site.start(Binaries.ingress, arguments: ["--allow-public"])
            try allowed.awaitLine("listening address=0.0.0.0:")
        }
    }

    @Test
    func `a port that is taken is 69 with a hint`() async throws {
        try await Site.with { site in
            let first = try site.startIngress()
            try site.write(SiteSettings(listen: "127.0.0.1:\(first.port)"))
            let second = try site.start(Binaries.ingress)
            #expect(try second.awaitExit() == .code(69))
            #expect(second.output.contains("cannot listen on 127.0.0.1:\(first.port)"))
            #expect(second.output.contains("in use by samovar-ingress (pid \(first.program.pid))"))
            try first.accept(Request())
        }
    }

    @Test
    func `status and doctor see that another Samovar has the port`() async throws {
        try await Site.with { site in
            let other = try site.startIngress()
            let uuid = try site.reader.text("SELECT uuid FROM store")
            let stranger = try #require(uuid)
            let settings = SiteSettings().yaml
                .replacing("store: queue.db", with: "store: own.db")
                .replacing(
                    "health: 127.0.0.1:0",
                    with: "health: 127.0.0.1:\(other.healthPort)",
                    maxReplacements: 1
                )
            try site.write(settings, to: "own.yaml")
            // Makes the store.
            let worker = try site.run([Binaries.worker, "--config", site.path("own.yaml")])
            try worker.awaitLine("working")
            for command in ["status", "doctor"] {
                let run = try site.run([
                    Binaries.samovar, command, "--config", site.path("own.yaml"),
                ])
                try run.awaitExit()
                #expect(
                    run.output.contains(
                        "another Samovar answers at 127.0.0.1:\(other.healthPort): its store is "
                            + stranger
                    ),
                    "\(run.output)"
                )
            }
        }
    }

    // MARK: Stores

    /// Expects a refusal that leaves no trace, but for the empty side files that SQLite makes when
    /// it looks into a database in WAL mode.
    private func expectRefused(
        _ program: String,
        in site: Site,
        saying text: String
    ) throws {
        let before = try Data(contentsOf: URL(fileURLWithPath: site.store))
        let files = try FileManager.default.contentsOfDirectory(atPath: site.folder)
        let run = try site.start(program)
        #expect(try run.awaitExit() == .code(69))
        #expect(run.output.contains(text), "\(run.output)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: site.store)) == before)
        let added = try FileManager.default.contentsOfDirectory(atPath: site.folder)
            .filter { !files.contains($0) }
        #expect(Set(added).isSubset(of: ["queue.db-wal", "queue.db-shm"]))
        if added.contains("queue.db-wal") {
            #expect(FileManager.default.contents(atPath: site.store + "-wal") == Data())
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `a file that is no database stays untouched`(_ program: String) async throws {
        try await Site.with { site in
            try site.write(String(repeating: "Dear diary, \n", count: 1000), to: "queue.db")
            try expectRefused(program, in: site, saying: "is not a SQLite database")
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker], ["delete", "wal"])
    func `a database of somebody else stays untouched`(
        _ program: String,
        _ journal: String
    ) async throws {
        try await Site.with { site in
            let foreign = try DatabaseQueue(path: site.store)
            try await foreign.writeWithoutTransaction { database in
                try database.execute(
                    sql: """
                        PRAGMA journal_mode = \(journal);
                        CREATE TABLE recipe (name TEXT);
                        INSERT INTO recipe VALUES ('tea');
                        """
                )
            }
            try foreign.close()
            try expectRefused(program, in: site, saying: "but not a Samovar store")
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `a store that is newer than the program stays untouched`(_ program: String) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            ingress.program.signal(SIGTERM)
            try ingress.program.awaitExit()
            let future = try DatabaseQueue(path: site.store)
            try await future.write { database in
                try database.execute(
                    sql: "INSERT INTO migration VALUES (9999, 'of_the_future', 'x', 0)"
                )
            }
            try future.close()
            try expectRefused(program, in: site, saying: "has schema 9999")
        }
    }

    @Test
    func `programs that start on a locked store say so, or wait`() async throws {
        try await Site.with { site in
            let first = try site.startIngress()
            try first.accept(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            // An ingress only reads to start; its answers are honest.
            let second = try site.startIngress()
            #expect(try second.health("/readyz").status == 503)
            // A worker must enter itself.
            let worker = try site.start(Binaries.worker)
            #expect(try worker.awaitExit() == .code(69))
            #expect(worker.output.contains("is locked by another program: "))
            #expect(worker.output.contains("(pid \(getpid()))"), "\(worker.output)")
            try stranger.unlock()
            try second.accept(Request())
            try site.startWorker()
            try site.awaitQuiet()
        }
    }

    @Test
    func `a store that a start left half made is finished by the next`() async throws {
        try await Site.with { site in
            // What a kill before the first migration leaves: a file without any table.
            try site.write("", to: "queue.db")
            let ingress = try site.startIngress()
            try ingress.accept(Request())
        }
    }
}

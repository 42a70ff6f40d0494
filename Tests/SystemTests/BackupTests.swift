import Foundation
import Spawn
import TestSupport
import Testing

/// Backups of stores that work, and what becomes of them.
@Suite
struct BackupTests {
    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(name: "note", command: ["note"], options: ["concurrency: 4"])
    ])

    private func samovar(
        _ arguments: [String],
        in site: Site,
        under wrapper: [String] = []
    ) throws -> (exit: ChildProcess.Exit, output: String) {
        let program = try site.start(Binaries.samovar, arguments: arguments, under: wrapper)
        return (try program.awaitExit(), program.output)
    }

    /// Renames the store with all that belongs to it.
    private func moveStoreAway(_ site: Site) throws {
        for suffix in ["", "-wal", "-shm"] where exists(site.store + suffix) {
            try FileManager.default.moveItem(
                atPath: site.store + suffix,
                toPath: site.path("old.db\(suffix)")
            )
        }
    }

    private func exists(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: file)
    }

    @Test
    func `a backup of a busy site is restored, held, and goes on when it is resumed`()
        async throws
    {
        try await Site.with(settings) { site in
            try site.script("note", "echo $SAMOVAR_JOB >> done")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            for _ in 0..<20 { try ingress.accept(Request()) }
            let backup = try site.start(Binaries.samovar, arguments: ["backup", "b.db"])
            for _ in 0..<20 { try ingress.accept(Request()) }
            #expect(try backup.awaitExit() == .code(0), "\(backup.output)")
            #expect(backup.output.contains("verified"))
            try checkSoundness(ofStoreAt: site.path("b.db"))
            for program in [worker, ingress.program] {
                program.signal(SIGTERM)
                try program.awaitExit()
            }

            let there = try samovar(["restore", "b.db"], in: site)
            #expect(there.exit == .code(1))
            #expect(there.output.contains("mv \(site.store) \(site.store).old"))
            try moveStoreAway(site)
            let restored = try samovar(["restore", "b.db"], in: site)
            #expect(restored.exit == .code(0), "\(restored.output)")
            #expect(restored.output.contains("samovar resume --everything"))

            let attempts = try site.reader.number("SELECT count(*) FROM attempt") ?? 0
            let again = try site.startIngress()
            try site.startWorker()
            let seq = try again.accept(Request())
            #expect(seq > 1_000_000)
            try waitUntil("the new delivery to be routed") {
                try site.reader.number("SELECT count(*) FROM job WHERE delivery = \(seq)") == 1
            }
            #expect(try site.reader.number("SELECT count(*) FROM attempt") == attempts)
            let resumed = try samovar(["resume", "--everything"], in: site)
            #expect(resumed.exit == .code(0), "\(resumed.output)")
            try site.awaitQuiet()
        }
    }

    @Test
    func `nothing is restored under an ingress that still has the lost store open`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            #expect(try samovar(["backup", "b.db"], in: site).exit == .code(0))
            try moveStoreAway(site)
            let refused = try samovar(["restore", "b.db"], in: site)
            #expect(refused.exit == .code(1))
            #expect(refused.output.contains("samovar-ingress (pid \(ingress.program.pid))"))
            #expect(!FileManager.default.fileExists(atPath: site.store))
        }
    }

    @Test
    func `nothing is restored while a handler of a dead worker still runs`() async throws {
        try await Site.with(settings) { site in
            try site.script("note", "echo $$ >> begun; exec sleep 600")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            try ingress.accept(Request())
            try waitUntil("the handler to become what it executes") {
                guard let pid = site.lines("begun").first else { return false }
                // Its name as a process.
                let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/comm")
                return bytes == Data("sleep\n".utf8)
            }
            #expect(try samovar(["backup", "b.db"], in: site).exit == .code(0))
            worker.killNow()
            ingress.program.killNow()
            try moveStoreAway(site)
            let refused = try samovar(["restore", "b.db"], in: site)
            #expect(refused.exit == .code(1))
            #expect(refused.output.contains("handler sleep (pid "), "\(refused.output)")
        }
    }

    @Test
    func `a backup that was altered or cut off is refused with exit code 1, and why is said`()
        async throws
    {
        try await Site.with(settings) { site in
            try site.script("note", "true")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let request = Request()
            let delivery = try ingress.accept(request)
            try site.awaitState("done", ofJobOf: delivery)
            for program in [worker, ingress.program] {
                program.signal(SIGTERM)
                try program.awaitExit()
            }
            #expect(try samovar(["backup", "b.db"], in: site).exit == .code(0))
            let doctor = try samovar(["doctor"], in: site)
            let sound = "unchanged since the decision: 1 body"
            #expect(doctor.output.contains(sound), "\(doctor.output)")
            try moveStoreAway(site)

            let file = URL(fileURLWithPath: site.path("b.db"))
            let whole = try Data(contentsOf: file)
            let place = try #require(whole.range(of: request.body)).lowerBound
            var altered = whole
            altered.replaceSubrange(place + 2..<place + 5, with: Data("fer".utf8))
            for (bytes, text) in [
                (altered, "changed since the decision: deliveries \(delivery) "),
                (whole.prefix(whole.count / 2), "it is cut off after \(whole.count / 2) of "),
            ] {
                try bytes.write(to: file)
                let refused = try samovar(["restore", "b.db"], in: site)
                #expect(refused.exit == .code(1))
                #expect(refused.output.contains(text), "\(refused.output)")
                #expect(!exists(site.store))
            }
        }
    }

    @Test
    func `programs read one object`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let backup = try samovar(["backup", "--json", "b.db"], in: site)
            let object =
                try JSONSerialization.jsonObject(with: Data(backup.output.utf8))
                as? [String: Any]
            #expect(object?["deliveries"] as? Int == 1)
            #expect(object?["verified"] as? Bool == true)
            #expect(object?["file"] as? String == site.path("b.db"))
            let again = try samovar(["backup", "b.db"], in: site)
            #expect(again.exit == .code(1))
            #expect(again.output.contains("--force"))
            #expect(try samovar(["backup", "--force", "b.db"], in: site).exit == .code(0))
        }
    }

    /// A file system of its own, gone with the program.
    @Test(.enabled(if: BackupTests.mayMount))
    func `a full disk is a clear error, and nothing is left on it`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            for _ in 0..<20 { try ingress.accept(Request()) }
            try FileManager.default.createDirectory(
                atPath: site.path("small"),
                withIntermediateDirectories: false
            )
            let script = """
                mount -t tmpfs -o size=64k none small || exit 99
                "$@"
                echo "code $?, left: [$(ls -A small)]"
                """
            let backup = try samovar(
                ["backup", "small/b.db"],
                in: site,
                under: ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh"]
            )
            #expect(backup.output.contains("is full"), "\(backup.output)")
            #expect(backup.output.contains("code 69, left: []"))
        }
    }

    // MARK: System calls

    /// What comes before the program's name: it notes some calls in a file, and answers others.
    private static func tracing(_ calls: String) -> [String] {
        ["/usr/bin/strace", "-f", "-qq", "-o", "trace", "-e", calls]
    }

    @Test(.enabled(if: BackupTests.mayTrace), arguments: [nil, "EINVAL", "ENOSYS"])
    func `a copy gets its name in one step, where the file system can do that`(
        error: String?
    ) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let calls = error.map { "inject=renameat2:error=\($0)" } ?? "trace=link,linkat"
            let backup = try samovar(["backup", "b.db"], in: site, under: Self.tracing(calls))
            #expect(backup.exit == .code(0), "\(backup.output)")
            if error == nil {
                #expect(!site.lines("trace").contains { $0.contains("b.db") })
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: site.folder)
            #expect(names.filter { $0.hasPrefix("b.db") } == ["b.db"])
            let again = try samovar(["backup", "b.db"], in: site, under: Self.tracing(calls))
            #expect(again.exit == .code(1))
        }
    }

    @Test(.enabled(if: BackupTests.mayTrace), arguments: ["/chmod", "/chown"])
    func `a store that cannot be given to its user is not restored`(call: String) async throws {
        // Only root gives files away.
        guard geteuid() == 0 || call == "/chmod" else { return }
        try await Site.with { site in
            _ = try site.startIngress().program.killNow()
            #expect(try samovar(["backup", "b.db"], in: site).exit == .code(0))
            try moveStoreAway(site)
            let calls = Self.tracing("inject=\(call):error=EROFS")
            let restore = try samovar(["restore", "b.db"], in: site, under: calls)
            #expect(restore.exit == .code(69), "\(restore.output)")
            #expect(restore.output.contains(": Read-only file system"))
            let names = try FileManager.default.contentsOfDirectory(atPath: site.folder)
            let left = names.filter { $0.hasPrefix("queue.db") && $0 != "queue.db.ingress" }
            #expect(left == ["queue.db.turn"])
        }
    }

    private static let mayMount = canRun("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")
    private static let mayTrace = canRun("strace", "-f", "-o", "/dev/null", "true")

    /// Where it cannot be tried, it cannot be done.
    private static func canRun(_ command: String...) -> Bool {
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        probe.arguments = command
        probe.standardError = FileHandle.nullDevice
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }
}

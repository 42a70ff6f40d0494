import Spawn
import Foundation
import TestSupport
import Testing

/// Counts what reaches the disk, which no kill test can see: a killed process leaves its writes
/// in the page cache, a power cut does not.
@Suite
struct SyncTests {
    @Test
    func `the log is synced before each delivery is acknowledged`() async throws {
        guard try await canTrace() else {
            withKnownIssue("strace may not trace here, so no one counted what is synced") {
                Issue.record("run where ptrace is allowed and strace is installed")
            }
            return
        }
        try await Site.with { site in
            let ingress = try site.startIngress(
                under: [
                    "/usr/bin/strace", "-f", "-y", "-qq", "-s", "32", "-o", "trace",
                    "-e", "trace=fdatasync,fsync,write,writev,sendto,sendmsg",
                ]
            )
            let count = 20
            for _ in 1...count { try ingress.accept(Request()) }
            // The client may read an answer before strace has written of it, and dies with it.
            let answers = { site.lines("trace").count { $0.contains("HTTP/1.1 202") } }
            try waitUntil("the last answer to be traced") { answers() >= count }
            ingress.program.killNow()
            let trace = site.lines("trace")
            #expect(answers() == count)
            expectSyncBeforeEachAnswer(trace)
        }
    }

    private func expectSyncBeforeEachAnswer(_ trace: [String]) {
        var syncs = 0
        /// Threads that wait for a sync of the log.
        var syncing: Set<Substring> = []
        for line in trace {
            let thread = line.prefix { $0 != " " }
            if line.contains("HTTP/1.1 202") {
                #expect(syncs > 0, "\(line)")
                syncs = 0
            } else if line.contains("sync("), line.contains("-wal>") {
                if line.contains("unfinished") {
                    syncing.insert(thread)
                } else if line.hasSuffix("= 0") {
                    syncs += 1
                }
            } else if line.contains("sync resumed>"), syncing.remove(thread) != nil,
                line.hasSuffix("= 0")
            {
                syncs += 1
            }
        }
    }

    private func canTrace() async throws -> Bool {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else { return false }
        return try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await withTemporaryFolder { folder in
                let trial = try RunningProgram(
                    ["/usr/bin/strace", "-f", "-o", "\(folder)/trace", "/usr/bin/true"],
                    environment: [:],
                    folder: folder
                )
                defer { trial.killNow() }
                return try trial.awaitExit() == .code(0)
            }
        }
    }
}

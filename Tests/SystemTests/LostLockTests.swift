import Foundation
import Spawn
import TestSupport
import Testing

/// Somebody deletes the lock file of a worker that lives.
@Suite
struct LostLockTests {
    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(name: "long", command: ["long"], options: ["retry: { base: 10ms }"])
    ])

    private static let script = """
        echo $SAMOVAR_TOKEN >> begun
        until [ -e go ]; do sleep 0.01; done
        """

    /// The lock files that there are.
    private func locks(_ site: Site) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: site.path("workers"))
            .filter { $0.hasSuffix(".lock") }
    }

    @Test
    func `a worker makes its lock file anew, and no other takes its jobs`() async throws {
        try await Site.with(settings) { site in
            try site.script("long", Self.script)
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let lock = try #require(try locks(site).first)
            let delivery = try ingress.accept(Request())
            try waitUntil("the attempt to begin") { site.lines("begun") == ["1.1"] }
            let other = try site.startWorker()
            try FileManager.default.removeItem(atPath: site.path("workers/\(lock)"))
            try worker.awaitLine("is made anew")
            #expect(try locks(site).contains(lock))
            try site.write("", to: "go")
            try site.awaitState("done", ofJobOf: delivery)
            #expect(site.lines("begun") == ["1.1"])
            #expect(!other.output.contains("worker died"))
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
        }
    }

    @Test
    func `a worker that was taken for dead while it could not look ends and says why`()
        async throws
    {
        try await Site.with(settings) { site in
            try site.script("long", Self.script)
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let lock = try #require(try locks(site).first)
            let delivery = try ingress.accept(Request())
            try waitUntil("the attempt to begin") { site.lines("begun") == ["1.1"] }
            try MetricsTests.stopBetweenWrites(worker, of: site)
            try FileManager.default.removeItem(atPath: site.path("workers/\(lock)"))
            let other = try site.startWorker()
            try other.awaitLine("attempt lost")
            try waitUntil("the second attempt to begin") { site.lines("begun") == ["1.1", "1.2"] }
            worker.signal(SIGCONT)
            #expect(try worker.awaitExit() == .code(70))
            #expect(worker.output.contains("another worker took this one for dead"))
            try site.write("", to: "go")
            try site.awaitState("done", ofJobOf: delivery)
            #expect(try site.outcomes(of: delivery) == ["lost", "done"])
        }
    }
}

import Foundation
import Spawn
import TestSupport
import Testing

/// Times in which nobody listened: what Gitea sent then was not even refused.
@Suite
struct DowntimeTests {
    @Test
    func `after a downtime log, incident and status say from when to when nobody listened`()
        async throws
    {
        try await Site.with { site in
            let first = try site.startIngress()
            let presence = site.store + ".ingress"
            try waitUntil("the first sign of life") {
                FileManager.default.contents(atPath: presence)?.isEmpty == false
            }
            // A planned stop is a time without anybody, too.
            first.program.signal(SIGTERM)
            #expect(try first.program.awaitExit() == .code(0))
            let said = try String(contentsOfFile: presence, encoding: .utf8)
            #expect(said.hasSuffix("Z\n"))
            try Data("2026-01-02T03:04:05.000000Z\n".utf8)
                .write(to: URL(fileURLWithPath: presence))
            let second = try site.startIngress()
            let line = try second.program.awaitLine("nobody listened for a while")
            #expect(line.contains("from=2026-01-02T03:04:05.000000Z"))
            #expect(line.contains(" to=20"))
            try waitUntil("the incident") {
                try site.reader.number(
                    """
                    SELECT count(*) FROM incident
                    WHERE kind = 'ingress_down' AND subject = '2026-01-02T03:04:05.000000Z'
                    """
                ) == 1
            }
            let detail = try site.reader.text(
                "SELECT detail FROM incident WHERE kind = 'ingress_down'"
            )
            #expect(
                detail?.hasPrefix("nobody listened from 2026-01-02T03:04:05.000000Z to 20") == true
            )
            let status = try site.start(Binaries.samovar, arguments: ["status"])
            #expect(try status.awaitExit() == .code(0))
            #expect(status.output.contains("nobody listened from 2026-01-02T03:04:05"))
        }
    }

    @Test
    func `a store that was never served says nothing of a downtime`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            try waitUntil("a sign of life") {
                FileManager.default.contents(atPath: site.store + ".ingress")?.isEmpty == false
            }
            #expect(!ingress.program.output.contains("nobody listened"))
            #expect(try site.reader.number("SELECT count(*) FROM incident") == 0)
        }
    }
}

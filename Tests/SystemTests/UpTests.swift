import GRDB
import Spawn
import Foundation
import TestSupport
import Testing

/// `samovar up`: ingress and worker together.
@Suite
struct UpTests {
    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(name: "note", command: ["/usr/bin/true"])
    ])

    @Test
    func `up starts both, and SIGTERM stops both`() async throws {
        try await Site.with(settings) { site in
            let both = try site.startBoth()
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            both.program.signal(SIGTERM)
            #expect(try both.program.awaitExit() == .code(0))
            #expect(site.processes == [])
        }
    }

    @Test
    func `SIGKILL of up stops both`() async throws {
        try await Site.with(settings) { site in
            let both = try site.startBoth()
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            try #require(site.processes.count == 3)
            both.program.signal(SIGKILL)
            // They hold the pipe that is read here, so this waits for all three.
            #expect(try both.program.awaitExit() == .signal(SIGKILL))
            try waitUntil("both to be gone") { site.processes == [] }
            #expect(
                try site.reader.number("SELECT count(*) FROM worker WHERE stopped_at IS NULL") == 0
            )
        }
    }
}

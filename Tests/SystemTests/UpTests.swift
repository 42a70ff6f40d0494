import Foundation
import GRDB
import Spawn
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
    func `nothing is started when a port is taken, and the holder is named`() async throws {
        try await Site.with(settings) { site in
            let stranger = HeldSocket()
            var taken = settings
            taken.listen = "127.0.0.1:\(stranger.port)"
            try site.write(taken)
            let both = try site.start("up", under: [Binaries.samovar])
            #expect(try both.awaitExit() == .code(69))
            #expect(both.output.contains("cannot listen on 127.0.0.1:\(stranger.port)"))
            #expect(both.output.contains("(pid \(getpid()))"))
            #expect(!FileManager.default.fileExists(atPath: site.store))
        }
    }

    @Test
    func `a worker that is killed as soon as it runs is started again beside the same ingress`()
        async throws
    {
        try await Site.with(settings) { site in
            let both = try site.startBoth()
            try kill(#require(site.process("samovar-worker")), SIGKILL)
            try both.program.awaitLine("starting it again soon")
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            #expect(!both.program.hasEnded)
            both.program.signal(SIGTERM)
            #expect(try both.program.awaitExit() == .code(0))
        }
    }

    @Test
    func `SIGHUP is handed on to both, and ends neither`() async throws {
        try await Site.with(settings) { site in
            let both = try site.startBoth()
            // Told of the worker's readiness, up hands on what comes.
            try waitUntil("both to have read it again") {
                both.program.signal(SIGHUP)
                usleep(50_000)  // between two signals, not instead of a look
                return ["ingress", "worker"].allSatisfy { program in
                    both.program.output.split(separator: "\n").contains {
                        $0.contains(program) && $0.contains("configuration reloaded")
                    }
                }
            }
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            both.program.signal(SIGTERM)
            #expect(try both.program.awaitExit() == .code(0))
        }
    }

    /// Starts both on a terminal, as the leader of its session.
    private func startBoth(on terminal: PseudoTerminal, of site: Site) throws -> RunningIngress {
        let both = try RunningIngress(
            site.start(
                "up",
                under: ["/usr/bin/setsid", "--ctty", "--wait", Binaries.samovar],
                sockets: [terminal.descriptor]
            )
        )
        try both.program.awaitLine("working")
        return both
    }

    @Test
    func `closing the terminal of up stops both in order`() async throws {
        try await Site.with(settings) { site in
            let terminal = PseudoTerminal()
            let both = try startBoth(on: terminal, of: site)
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            terminal.hangUp()
            #expect(try both.program.awaitExit() == .code(0))
            #expect(both.program.output.contains("the terminal is gone: stopping"))
            #expect(site.processes == [])
            #expect(
                try site.reader.number("SELECT count(*) FROM worker WHERE stopped_at IS NULL") == 0
            )
        }
    }

    @Test
    func `SIGHUP on a terminal that is there reads the configuration again`() async throws {
        try await Site.with(settings) { site in
            let terminal = PseudoTerminal()
            let both = try startBoth(on: terminal, of: site)
            let up = try #require(site.process("samovar"))
            try waitUntil("the configuration to be read again") {
                kill(up, SIGHUP)
                usleep(50_000)  // between two signals, not instead of a look
                return both.program.output.contains("configuration reloaded")
            }
            try site.awaitState("done", ofJobOf: both.accept(Request()))
            kill(up, SIGTERM)
            #expect(try both.program.awaitExit() == .code(0))
        }
    }

    @Test
    func `up tells its own supervisor when both are ready`() async throws {
        try await Site.with(settings) { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let both = try site.start(
                "up",
                under: [Binaries.samovar],
                environment: ["NOTIFY_SOCKET": site.path("notify.sock")]
            )
            try supervisor.awaitMessage("READY=1")
            #expect(both.output.contains("working"))
            both.signal(SIGTERM)
            try supervisor.awaitMessage("STOPPING=1")
            #expect(try both.awaitExit() == .code(0))
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

import Foundation
import Spawn
import TestSupport
import Testing

/// A process that was stopped while it had the turn to write.
@Suite
struct HeldTurnTests {
    /// The turn of a site's store, held by this process.
    private final class HeldTurn {
        private let descriptor: Int32

        init(of site: Site) throws {
            descriptor = unsafe open(site.store + ".turn", O_RDWR | O_CLOEXEC)
            try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
        }

        func pass() {
            flock(descriptor, LOCK_UN)
        }

        deinit {
            close(descriptor)
        }
    }

    private func watched(_ site: Site) -> [String: String] {
        ["NOTIFY_SOCKET": site.path("notify.sock"), "WATCHDOG_USEC": "2000000"]
    }

    /// Waits for twice the signs of life that a supervisor ends a process for not getting.
    private func expectLife(_ supervisor: SupervisorEnd) throws {
        let count = supervisor.count(of: "WATCHDOG=1")
        try supervisor.awaitMessage("WATCHDOG=1", number: count + 8)
    }

    @Test
    func `an ingress that waits for it answers 503 and is alive`() async throws {
        try await Site.with { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let ingress = try RunningIngress(
                site.start(Binaries.ingress, environment: watched(site))
            )
            try ingress.accept(Request())
            let turn = try HeldTurn(of: site)
            #expect(try ingress.send(Request()).status == 503)
            try expectLife(supervisor)
            #expect(try ingress.send(Request()).status == 503)
            turn.pass()
            try ingress.accept(Request())
        }
    }

    @Test
    func `a worker that waits for it is alive, and so are its handlers`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["note"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            try site.script("note", "echo x >> begun; while [ ! -e go ]; do sleep 0.01; done")
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            try site.start(Binaries.worker, environment: watched(site)).awaitLine("working")
            let delivery = try site.startIngress().accept(Request())
            try waitUntil("the handler to begin") {
                site.lines("begun").count == 1
            }
            let turn = try HeldTurn(of: site)
            try site.write("", to: "go")
            try expectLife(supervisor)
            turn.pass()
            try site.awaitState("done", ofJobOf: delivery)
            #expect(try site.outcomes(of: delivery) == ["done"])
        }
    }

    /// In line for it, it keeps the place of the next one for as long as it is stopped.
    @Test
    func `a worker that is stopped while it waits for it keeps no other from it`() async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let worker = try site.startWorker()
            let turn = try HeldTurn(of: site)
            try waitUntil("the worker to wait in line") {
                try Self.waits(worker.pid)
            }
            worker.signal(SIGSTOP)
            // Before that it could still be the next one, and be stopped with the turn.
            try waitUntil("the worker to stand still") { try Self.isStopped(worker.pid) }
            turn.pass()
            for _ in 1...20 { try ingress.accept(Request()) }
            worker.signal(SIGCONT)
            try waitUntil("the worker to go on") {
                try site.reader.number("SELECT count(*) FROM routing WHERE verdict IS NULL") == 0
            }
        }
    }

    private static func isStopped(_ pid: Int32) throws -> Bool {
        try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).contains("State:\tT")
    }

    /// Whether a process waits for a lock of a whole file, by the kernel's list (proc(5)).
    private static func waits(_ pid: Int32) throws -> Bool {
        try String(contentsOfFile: "/proc/locks", encoding: .utf8).split(separator: "\n").contains {
            let words = $0.split(separator: " ")
            return words.count > 5 && words[1] == "->" && words[2] == "FLOCK"
                && words[5] == "\(pid)"
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `a service that waits for it to open the store hears that it is to stop`(
        _ program: String
    ) async throws {
        try await Site.with { site in
            try site.startIngress().accept(Request())
            let turn = try HeldTurn(of: site)
            for signal in [SIGTERM, SIGINT] {
                let service = try site.start(program)
                try service.awaitLine("waiting for the turn to write")
                service.signal(signal)
                #expect(try service.awaitExit() == .code(0))
                #expect(service.output.contains("stopped before it served"))
            }
            turn.pass()
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `a service that does not get it says who has it, and is 69`(
        _ program: String
    ) async throws {
        try await Site.with { site in
            try site.startIngress().accept(Request())
            let turn = try HeldTurn(of: site)
            let service = try site.start(program)
            #expect(try service.awaitExit() == .code(69))
            #expect(service.output.contains("(pid \(getpid()))"))
            #expect(service.output.contains("SIGSTOP"))
            turn.pass()
        }
    }

    @Test
    func `an ingress that stops while a commit waits for it says that it did not close`()
        async throws
    {
        try await Site.with { site in
            let ingress = try site.startIngress()
            try ingress.accept(Request())
            let turn = try HeldTurn(of: site)
            #expect(try ingress.send(Request()).status == 503)
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
            #expect(ingress.program.output.contains("stopped without closing the store"))
            turn.pass()
        }
    }

    @Test
    func `a command that cannot write says that the store is locked, not what its log says`()
        async throws
    {
        try await Site.with { site in
            try site.startIngress().accept(Request())
            let turn = try HeldTurn(of: site)
            defer { turn.pass() }
            let status = try site.start(Binaries.samovar, arguments: ["status"])
            #expect(try status.awaitExit() == .code(69))
            #expect(status.output.contains("note: \(site.store) is locked: "), "\(status.output)")
            #expect(!status.output.contains("samovar.store"))
            #expect(!status.output.contains("held.by"))
        }
    }
}

import Foundation
import Spawn
import TestSupport
import Testing

/// What services tell systemd (`Type=notify`).
@Suite
struct NotifyTests {
    private func names(in site: Site) -> [String] {
        [site.path("notify.sock"), "@samovar-test-\(Request.freshID())"]
    }

    @Test
    func `the ingress says when it is ready, and when it stops`() async throws {
        try await Site.with { site in
            for name in names(in: site) {
                let supervisor = SupervisorEnd(name)
                let program = try site.start(
                    Binaries.ingress,
                    environment: ["NOTIFY_SOCKET": name]
                )
                let ready = try supervisor.awaitMessage("READY=1")
                #expect(ready.contains { $0.hasPrefix("STATUS=") })
                try RunningIngress(program).accept(Request())
                program.signal(SIGTERM)
                try supervisor.awaitMessage("STOPPING=1")
                #expect(try program.awaitExit() == .code(0))
                #expect(supervisor.count(of: "READY=1") == 1)
                // Nobody asked for it.
                #expect(supervisor.count(of: "WATCHDOG=1") == 0)
            }
        }
    }

    @Test
    func `the worker says when it works, and when it stops`() async throws {
        try await Site.with { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let worker = try site.start(
                Binaries.worker,
                environment: ["NOTIFY_SOCKET": site.path("notify.sock")]
            )
            try supervisor.awaitMessage("READY=1")
            worker.signal(SIGTERM)
            try supervisor.awaitMessage("STOPPING=1")
            #expect(try worker.awaitExit() == .code(0))
        }
    }

    @Test
    func `an ingress whose store is locked is not ready until it is free`() async throws {
        try await Site.with { site in
            try site.startIngress().accept(Request())
            let stranger = try Stranger(site.store)
            try stranger.lock()
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let program = try site.start(
                Binaries.ingress,
                environment: ["NOTIFY_SOCKET": site.path("notify.sock")]
            )
            _ = try RunningIngress(program)
            // It asks for more time, rather than to be ended and started over.
            try waitUntil("a plea for time") {
                supervisor.all.contains { message in
                    message.contains { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }
                        && message.contains { $0.hasPrefix("STATUS=not ready: ") }
                }
            }
            #expect(supervisor.count(of: "READY=1") == 0)
            try stranger.unlock()
            try supervisor.awaitMessage("READY=1")
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `SIGHUP is a reload, from its beginning to its end`(_ program: String) async throws {
        try await Site.with { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let service = try site.start(
                program,
                environment: ["NOTIFY_SOCKET": site.path("notify.sock")]
            )
            try supervisor.awaitMessage("READY=1")
            service.signal(SIGHUP)
            let reloading = try supervisor.awaitMessage("RELOADING=1")
            let text = try #require(reloading.first { $0.hasPrefix("MONOTONIC_USEC=") })
            let time = try #require(Int64(text.dropFirst("MONOTONIC_USEC=".count)))
            #expect(time > 0 && time <= Int64(ProcessInfo.processInfo.systemUptime * 1e6) + 1)
            try supervisor.awaitMessage("READY=1", number: 2)

            // A file with a mistake ends the reload, too, and nothing else.
            try site.write("store: [", to: "samovar.yaml")
            service.signal(SIGHUP)
            try supervisor.awaitMessage("READY=1", number: 3)
            service.signal(SIGTERM)
            #expect(try service.awaitExit() == .code(0))
        }
    }

    @Test(arguments: [Binaries.ingress, Binaries.worker])
    func `signs of life come while the service lives, and not when it is stopped`(
        _ program: String
    ) async throws {
        try await Site.with { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let service = try site.start(
                program,
                environment: [
                    "NOTIFY_SOCKET": site.path("notify.sock"), "WATCHDOG_USEC": "4000000",
                ]
            )
            try supervisor.awaitMessage("WATCHDOG=1", number: 3)
            service.signal(SIGTERM)
            #expect(try service.awaitExit() == .code(0))
        }
    }

    @Test
    func `a watchdog of another process is not fed`() async throws {
        try await Site.with { site in
            let supervisor = SupervisorEnd(site.path("notify.sock"))
            let service = try site.start(
                Binaries.ingress,
                environment: [
                    "NOTIFY_SOCKET": site.path("notify.sock"), "WATCHDOG_USEC": "400000",
                    "WATCHDOG_PID": "1",
                ]
            )
            try supervisor.awaitMessage("READY=1")
            service.signal(SIGTERM)
            #expect(try service.awaitExit() == .code(0))
            #expect(supervisor.count(of: "WATCHDOG=1") == 0)
        }
    }

    @Test
    func `a supervisor that is gone is no reason to fail`() async throws {
        try await Site.with { site in
            let ingress = try RunningIngress(
                site.start(
                    Binaries.ingress,
                    environment: ["NOTIFY_SOCKET": site.path("nobody.sock")]
                )
            )
            try ingress.accept(Request())
            try ingress.program.awaitLine("the supervisor was not told")
            ingress.program.signal(SIGTERM)
            #expect(try ingress.program.awaitExit() == .code(0))
        }
    }
}

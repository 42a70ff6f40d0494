import GRDB
import Spawn
import Foundation
import TestSupport
import Testing

@Suite
struct StopTests {
    // MARK: Ingress

    @Test(arguments: [SIGTERM, SIGINT])
    func `the ingress answers what is in flight, then exits with 0`(_ signal: Int32) async throws {
        try await Site.with { site in
            let ingress = try site.startIngress()
            let idle = try ingress.connect()
            try idle.send(Request().bytes)
            #expect(try idle.reply().status == 202)
            let inFlight = try ingress.connect()
            // An interim answer proves that the head has been read.
            let request = Request().with { $0.set("Expect", "100-continue") }
            try inFlight.send(request.head + request.body.prefix(20))
            #expect(try inFlight.reply().status == 100)

            try waitUntil("its listening socket to be seen") { try ingress.isListening }
            ingress.program.signal(signal)
            #expect(try idle.awaitEnd() == [])
            #expect(try !ingress.isListening)
            try inFlight.send(Array(request.body.dropFirst(20)))
            let reply = try inFlight.reply()
            #expect(reply.status == 202)
            #expect(reply.headers["connection"] == "close")
            #expect(try inFlight.awaitEnd() == [])
            #expect(try ingress.program.awaitExit() == .code(0))
            #expect(try site.deliveries == 2)
        }
    }

    @Test
    func `an ingress that is asked twice ends at once, and its last line is written`() async throws
    {
        try await Site.with { site in
            // The line was lost nearly always, and not always. The end of a process waits for it,
            // but no longer than a second: once that may be too short on a loaded machine.
            var lost = 0
            for _ in 1...5 {
                let ingress = try site.startIngress()
                let unfinished = try ingress.connect()
                try unfinished.send("POST /hooks/gitea HTTP/1.1\r\n")
                // Answered by the event loop after it has read that.
                #expect(try ingress.health("/healthz").status == 200)
                ingress.program.signal(SIGTERM)
                try ingress.program.awaitLine(" stopping")
                ingress.program.signal(SIGTERM)
                #expect(try ingress.program.awaitExit() == .code(1))
                if !ingress.program.output.contains("stopping at once") { lost += 1 }
            }
            #expect(lost <= 1)
        }
    }

    @Test
    func `SIGHUP ends neither service`() async throws {
        let note = SiteSettings.Handler(name: "note", command: ["/usr/bin/true"])
        try await Site.with(SiteSettings(handlers: [note])) { site in
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            ingress.program.signal(SIGHUP)
            worker.signal(SIGHUP)
            try site.awaitState("done", ofJobOf: ingress.accept(Request()))
            for program in [ingress.program, worker] {
                program.signal(SIGTERM)
                #expect(try program.awaitExit() == .code(0))
            }
        }
    }

    // MARK: Worker

    private func settings(grace: String) -> SiteSettings {
        SiteSettings(
            worker: ["shutdown_grace: \(grace)"],
            handlers: [SiteSettings.Handler(name: "long", command: ["long"])]
        )
    }

    /// What a worker leaves behind: nothing but its row that says it stopped.
    private func expectRetired(in site: Site) throws {
        let rows = try site.reader.number("SELECT count(*) FROM worker WHERE stopped_at IS NULL")
        #expect(rows == 0)
        for folder in ["workers", "doorbell"] {
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: site.path(folder)) == [],
                "\(folder)"
            )
        }
    }

    @Test
    func `an idle worker stops at once and leaves nothing behind`() async throws {
        try await Site.with(settings(grace: "10m")) { site in
            let worker = try site.startWorker()
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
            try expectRetired(in: site)
        }
    }

    @Test
    func `a handler that ends within the grace is done, and no other job begins`() async throws {
        try await Site.with(settings(grace: "10m")) { site in
            try site.script(
                "long",
                """
                echo $SAMOVAR_JOB >> begun
                while [ ! -e go ]; do sleep 0.01; done
                """
            )
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let first = try ingress.accept(Request())
            try waitUntil("the handler to begin") { site.lines("begun") == ["1"] }
            worker.signal(SIGTERM)
            try worker.awaitLine("stopping running=1")
            let second = try ingress.accept(Request())
            try site.write("", to: "go")
            #expect(try worker.awaitExit() == .code(0))
            #expect(try site.outcomes(of: first) == ["done"])
            #expect(try site.outcomes(of: second) == [])
            #expect(site.lines("begun") == ["1"])
            try expectRetired(in: site)
            try site.startWorker()
            try site.awaitState("done", ofJobOf: second)
        }
    }

    @Test
    func `a handler that outlasts the grace is stopped, and its job given back`() async throws {
        try await Site.with(settings(grace: "1s")) { site in
            try site.script(
                "long",
                """
                [ $SAMOVAR_ATTEMPT = 1 ] || exit 0
                trap 'echo TERM >> signals; exit 0' TERM
                echo $$ >> begun
                sleep 600 & wait
                """
            )
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let delivery = try ingress.accept(Request())
            try waitUntil("the handler to begin") { site.lines("begun").count == 1 }
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
            #expect(site.lines("signals") == ["TERM"])
            #expect(try site.outcomes(of: delivery) == ["released"])
            let job = try #require(try site.reader.rows("SELECT * FROM job").first)
            #expect(job["state"] == "ready")
            #expect(job["failures"] == 0)
            #expect(job["losses"] == 0)
            try expectRetired(in: site)
            try site.startWorker()
            try site.awaitState("done", ofJobOf: delivery)
            #expect(try site.outcomes(of: delivery) == ["released", "done"])
        }
    }

    @Test
    func `a second signal kills handlers at once, also those that ignore TERM`() async throws {
        try await Site.with(settings(grace: "10m")) { site in
            try site.script("long", "trap '' TERM\necho $$ >> begun\nsleep 600; sleep 600")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let delivery = try ingress.accept(Request())
            try waitUntil("the handler to begin") { site.lines("begun").count == 1 }
            worker.signal(SIGTERM)
            try worker.awaitLine("stopping running=1")
            worker.signal(SIGTERM)
            #expect(try worker.awaitExit() == .code(0))
            #expect(try site.outcomes(of: delivery) == ["released"])
            let handler = try #require(site.lines("begun").first.flatMap { Int32($0) })
            #expect(!Processes.exists(handler))
            try expectRetired(in: site)
        }
    }
}

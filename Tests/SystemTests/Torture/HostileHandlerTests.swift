import Foundation
import GRDB
import TestSupport
import Testing

/// Programs that resist, hide, hold on and shout, beside others that behave.
///
/// `SAMOVAR_HOSTILE_ROUNDS` sets how often all of them run together, in an order that the seed
/// decides.
@Suite
struct HostileHandlerTests {
    /// More than this above what a worker has after its first jobs is not bounded.
    static let growthMost = 128 << 20

    @Test
    func `hostile handlers leave nothing behind, and the others are done`() async throws {
        let rounds = Trials.count("SAMOVAR_HOSTILE_ROUNDS", usual: 1)
        try await TortureStep.run("hostile handlers") { step in
            var random = SeededRandom(seed: step.seed)
            for _ in 1...rounds {
                let handlers = HostileHandler.all.shuffled(using: &random)
                try await meet(handlers, step)
            }
        }
    }

    private func settings(_ handlers: [HostileHandler]) -> SiteSettings {
        let hostile = handlers.map { handler in
            SiteSettings.Handler(
                name: handler.name,
                command: [handler.name],
                options: ["retry: { attempts: 1 }"] + handler.options,
                events: "push"
            )
        }
        return SiteSettings(
            worker: ["slots: 32", "shutdown_grace: 1s"],
            handlers: hostile + [Self.good]
        )
    }

    private static let good = SiteSettings.Handler(
        name: "good",
        command: ["good"],
        events: "issues"
    )

    /// A delivery for the handler that behaves.
    static func goodRequest() -> Request {
        let body = #"{"action":"opened","issue":{},"n":"\#(Request.freshID())"}"#
        return Request(event: "issues", body: Data(body.utf8))
    }

    private func meet(_ handlers: [HostileHandler], _ step: TortureStep) async throws {
        try await Site.with(settings(handlers)) { site in
            for handler in handlers { try site.script(handler.name, handler.script) }
            try site.script("good", "cat > /dev/null")
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let first = try ingress.accept(Self.goodRequest())
            try site.awaitState("done", ofJobOf: first)
            let before = try worker.peakBytes
            try ingress.accept(Request())
            let others = try (1...3).map { _ in try ingress.accept(Self.goodRequest()) }
            step.noteAcknowledged(2 + others.count)
            for other in others { try site.awaitState("done", ofJobOf: other) }
            try site.awaitQuiet()
            for handler in handlers {
                step.noteTrial()
                try check(handler, site, step)
            }
            try checkRemains(of: site, step)
            if worker.hasEnded { step.find("the worker ended: \(worker.output.suffix(1000))") }
            let growth = try worker.peakBytes - before
            if growth > Self.growthMost { step.find("the worker grew by \(growth >> 20) MiB") }
        }
    }

    private func check(_ handler: HostileHandler, _ site: Site, _ step: TortureStep) throws {
        let job = try #require(
            try site.reader.rows(
                """
                SELECT state, reason, coalesce(length(output), 0) AS kept FROM job
                LEFT JOIN attempt ON attempt.job = job.id
                LEFT JOIN attempt_output ON attempt_output.attempt = attempt.id
                WHERE handler = ?
                """,
                [handler.name]
            ).first
        )
        let state: String = job["state"]
        let reason: String? = job["reason"]
        if state != handler.state {
            step.find("\(handler.name) is \(state): \(reason ?? "no reason")")
        }
        // 64 KiB, and a line that says how much was left out.
        let kept: Int = job["kept"]
        if kept > (64 << 10) + 200 { step.find("\(handler.name): \(kept) bytes of output") }
    }

    /// Processes, and files in which handlers say how they ended.
    private func checkRemains(of site: Site, _ step: TortureStep) throws {
        let pids = site.lines("pids").compactMap { Int32($0) }
        try #require(!pids.isEmpty)
        let left = pids.filter(Processes.exists)
        if !left.isEmpty { step.find("processes that are left: \(left)") }
        let results = try FileManager.default.contentsOfDirectory(atPath: site.path("results"))
        if !results.isEmpty { step.find("results that are left: \(results)") }
    }

    // MARK: Its worker

    @Test
    func `a handler that signals its worker runs again, alone, and the others are done`()
        async throws
    {
        let rounds = Trials.count("SAMOVAR_HOSTILE_ROUNDS", usual: 1)
        try await TortureStep.run("hostile handlers, their worker") { step in
            for _ in 1...rounds {
                for signal in ["KILL", "TERM", "STOP"] { try await meet(signal, step) }
            }
        }
    }

    private func meet(_ signal: String, _ step: TortureStep) async throws {
        let hostile = SiteSettings.Handler(
            name: "hostile",
            command: ["hostile"],
            options: ["retry: { attempts: 20, base: 10ms, cap: 10ms }"],
            events: "push"
        )
        let settings = SiteSettings(
            worker: ["slots: 4", "lease: 1s", "shutdown_grace: 0s"],
            handlers: [hostile, Self.good]
        )
        try await Site.with(settings) { site in
            try site.script(
                "hostile",
                """
                exec 9>>held
                flock -n 9 || echo $SAMOVAR_TOKEN >> collided
                [ $SAMOVAR_ATTEMPT -lt 3 ] || exit 0
                kill -\(signal) $PPID
                sleep 15
                exit 1
                """
            )
            try site.script("good", "cat > /dev/null; sleep 0.5")
            let ingress = try site.startIngress()
            // A third one, for whoever takes over from two that were stopped.
            var workers = try (1...3).map { _ in try site.start(Binaries.worker) }
            for _ in 1...5 { try ingress.accept(Self.goodRequest()) }
            try ingress.accept(Request())
            step.noteAcknowledged(6)
            step.noteTrial()
            let soon = ContinuousClock.now + .seconds(10)
            try waitUntil("every job to end") {
                // One that was stopped with the store in its hands holds up all others.
                if ContinuousClock.now > soon { for worker in workers { worker.signal(SIGCONT) } }
                for index in workers.indices where workers[index].hasEnded {
                    workers[index] = try site.start(Binaries.worker)
                }
                return try site.reader.number(
                    "SELECT count(*) FROM job WHERE state IN ('done', 'dead')"
                ) == 6
            }
            let ends = try site.reader.texts(
                "SELECT handler || ' ' || state FROM job WHERE state <> 'done'"
            )
            for end in ends + site.lines("collided") { step.find("\(signal): \(end)") }
        }
    }
}

extension RunningProgram {
    /// The most memory that it had at a time (proc(5), VmHWM).
    var peakBytes: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(Int(line.filter(\.isNumber))) << 10
        }
    }
}

import GRDB
import Foundation
import Spawn
import TestSupport
import Testing

@Suite
struct WorkerCrashTests {
    /// A handler that takes a lock, as a deployment script would, and says so when it is held.
    ///
    /// The lock belongs to an open file, so every process that the body starts holds it as well.
    private static let guarded = """
        flock -n -E 99 held ./body
        code=$?
        if [ $code = 99 ]; then echo "$SAMOVAR_TOKEN" >> collided; fi
        exit $code
        """

    private let settings = SiteSettings(handlers: [
        SiteSettings.Handler(
            name: "guarded",
            command: ["guarded"],
            options: ["retry: { base: 10ms }"]
        )
    ])

    /// Writes the handler; its first attempt begins, says so, and goes on as told.
    private func writeHandler(_ firstAttempt: String, in site: Site) throws {
        try site.script("guarded", Self.guarded)
        try site.script(
            "body",
            """
            echo $$ >> pids
            echo $SAMOVAR_TOKEN >> begun
            if [ $SAMOVAR_ATTEMPT = 1 ]; then
            \(firstAttempt)
            fi
            echo $SAMOVAR_TOKEN >> finished
            """
        )
    }

    private func awaitBeginning(_ tokens: [String], in site: Site) throws {
        try waitUntil("attempts \(tokens) to begin") { site.lines("begun") == tokens }
    }

    private func expectRunAlone(delivery: Int, in site: Site) throws {
        #expect(try site.outcomes(of: delivery) == ["lost", "done"])
        #expect(site.lines("begun") == ["1.1", "1.2"])
        #expect(site.lines("finished") == ["1.2"])
        #expect(site.lines("collided") == [])
        let job = try #require(try site.reader.rows("SELECT * FROM job").first)
        #expect(job["state"] == "done")
        #expect(job["failures"] == 0)
        #expect(job["losses"] == 1)
    }

    @Test(arguments: [
        "sleep 600",
        "setsid sleep 600 & echo $! >> pids; sleep 600",
        "trap '' TERM INT HUP; sleep 600; sleep 600",
        "setsid setsid sh -c 'sleep 600; true' & exec sleep 600",
        "exec env -i /bin/sleep 600",
        "env -i /usr/bin/timeout 600 /bin/sleep 600 & echo $! >> pids; exec env -i /bin/sleep 600",
    ])
    func `after SIGKILL of its worker a job runs again alone and finishes once`(
        _ firstAttempt: String
    ) async throws {
        try await Site.with(settings) { site in
            try writeHandler(firstAttempt, in: site)
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let delivery = try ingress.accept(Request())
            try awaitBeginning(["1.1"], in: site)
            let pids = site.lines("pids").compactMap { Int32($0) }
            try #require(!pids.isEmpty)

            worker.killNow()
            // Nobody has told the handler: it goes on and holds its lock.
            #expect(pids.allSatisfy(Processes.exists))
            let second = try site.startWorker()
            try second.awaitLine("attempt lost")
            #expect(!pids.contains(where: Processes.exists))
            try site.awaitState("done", ofJobOf: delivery)
            try expectRunAlone(delivery: delivery, in: site)
        }
    }

    @Test
    func `a worker that lives takes over from one that was killed`() async throws {
        try await Site.with(settings) { site in
            try writeHandler("sleep 600", in: site)
            let ingress = try site.startIngress()
            let worker = try site.startWorker()
            let delivery = try ingress.accept(Request())
            try awaitBeginning(["1.1"], in: site)
            let second = try site.startWorker()
            worker.killNow()
            try second.awaitLine("worker died")
            try site.awaitState("done", ofJobOf: delivery)
            try expectRunAlone(delivery: delivery, in: site)
        }
    }

    @Test
    func `a job that took three workers down is quarantined`() async throws {
        try await Site.with(settings) { site in
            try site.script("guarded", "echo $SAMOVAR_TOKEN >> begun\nsleep 600")
            let ingress = try site.startIngress()
            let delivery = try ingress.accept(Request())
            for attempt in 1...3 {
                let worker = try site.startWorker()
                try awaitBeginning((1...attempt).map { "1.\($0)" }, in: site)
                worker.killNow()
            }
            try site.startWorker()
            try site.awaitState("dead", ofJobOf: delivery)
            #expect(try site.outcomes(of: delivery) == ["lost", "lost", "lost"])
            let reason = try site.reader.text("SELECT reason FROM job")
            #expect(reason?.hasPrefix("quarantined") == true)
        }
    }

    @Test
    func `a job that kills its worker is quarantined, and the six beside it are done`()
        async throws
    {
        let guarded = SiteSettings.Handler(
            name: "guarded",
            command: ["guarded"],
            options: ["concurrency: 8"]
        )
        try await Site.with(SiteSettings(handlers: [guarded])) { site in
            try site.script(
                "guarded",
                """
                echo $SAMOVAR_JOB >> begun
                if [ $SAMOVAR_JOB = 4 ]; then
                until [ $(wc -l < begun) -ge 7 ]; do sleep 0.01; done
                kill -9 $PPID
                sleep 600
                fi
                [ $SAMOVAR_ATTEMPT = 2 ] || sleep 600
                """
            )
            let ingress = try site.startIngress()
            for _ in 1...7 { try ingress.accept(Request()) }
            for _ in 1...3 {
                let worker = try site.startWorker()
                #expect(try worker.awaitExit() == .signal(SIGKILL))
            }
            try site.startWorker()
            try site.awaitQuiet()
            let states = try site.reader.texts("SELECT state FROM job ORDER BY id")
            #expect(states == ["done", "done", "done", "dead", "done", "done", "done"])
        }
    }

    @Test
    func `a worker killed while many handlers run loses none of the jobs`() async throws {
        let quick = SiteSettings.Handler(
            name: "quick",
            command: ["quick"],
            options: ["concurrency: 8"]
        )
        try await Site.with(SiteSettings(handlers: [quick])) { site in
            try site.script("quick", "sleep 0.02\necho $SAMOVAR_JOB >> finished")
            let ingress = try site.startIngress()
            let total = 60
            for _ in 1...total { try ingress.accept(Request()) }
            for part in 1...3 {
                let worker = try site.startWorker()
                try waitUntil("some jobs to finish") { site.lines("finished").count >= part * 10 }
                worker.killNow()
            }
            try site.startWorker()
            try site.awaitQuiet()
            #expect(
                try site.reader.number("SELECT count(*) FROM job WHERE state = 'done'") == total
            )
            #expect(Set(site.lines("finished")) == Set((1...total).map(String.init)))
        }
    }
}

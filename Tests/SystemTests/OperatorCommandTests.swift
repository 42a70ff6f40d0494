import Foundation
import QueueCore
import Spawn
import TestSupport
import Testing

/// `samovar`'s queue commands: the real program on a real store.
@Suite
struct OperatorCommandTests {
    /// Gives a test a site whose store it fills itself, as an old acquaintance of the programs.
    private func withQueue(_ body: (Site, TestQueue) async throws -> Void) async throws {
        let handler = SiteSettings.Handler(
            name: "h",
            command: ["h"],
            options: ["concurrency: 2", "retry: { attempts: 8, base: 1h, cap: 1h }"]
        )
        try await Site.with(SiteSettings(handlers: [handler])) { site in
            try site.script("h", "true")
            let store = try SQLiteStore(path: site.store)
            let clock = TestClock()
            clock.step(by: Clocks.system.now() - clock.now)
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: site.store, clocks: clock.clocks)
            }
            try await body(site, queue)
            try await store.close()
        }
    }

    private static let job = NewJob.sample(route: "h", handler: "h")

    // MARK: Why

    @Test
    func `why has one answer for each thing a job waits for`() async throws {
        try await withQueue { site, queue in
            let lane = NewJob.sample(route: "h", handler: "h", lane: "default/repo:17")
            let jobs = try await queue.add([lane, lane, Self.job, .sample(handler: "gone")])
            func why(_ job: JobID) throws -> String {
                let answer = try site.samovar("jobs", "why", "\(job)")
                #expect(answer.code == 0)
                return String(answer.output.prefix { $0 != "\n" })
            }
            #expect(
                try why(jobs[0])
                    == "job 1 waits: no worker is alive: start samovar-worker, or `samovar up`"
            )
            #expect(try why(jobs[3]).hasPrefix("job 4 waits: handler gone is not in the conf"))
            let status = try site.samovar("status")
            #expect(status.output.contains("  1 job waits for handler gone, which is not in "))
            let lock = try WorkerLock(stateFolder: site.folder, worker: TestQueue.first)
            defer { lock.release() }
            #expect(
                try why(jobs[2]) == "job 3 waits: its turn comes: 1 other job of handler h is ready"
            )
            #expect(
                try why(jobs[1]).hasPrefix(
                    "job 2 waits for its lane default/repo:17, held by job 1 (ready, due "
                )
            )
            let claimed = try await queue.claim(1)
            let token = try #require(claimed.first?.token)
            #expect(try why(token.job).contains(" in worker w1, as attempt 1 (token \(token))"))
            let delay = Outcome.retry(after: .seconds(600))
            try await queue.end(token, delay)
            let waiting = try why(token.job)
            #expect(waiting.hasPrefix("job \(token.job) waits: not due until "))
            #expect(waiting.hasSuffix("; 1 of 8 failures so far"))
            #expect(try site.samovar("pause", "--handler", "h", "--reason", "upgrade").code == 0)
            #expect(try why(jobs[2]).hasPrefix("job 3 waits: handler h is paused since "))
            #expect(try why(jobs[2]).hasSuffix(" (upgrade)"))
        }
    }

    @Test
    func `why is an object for programs, and code 2 for a job that is not there`() async throws {
        try await withQueue { site, queue in
            let job = try await queue.addDead()
            let object = try site.samovar("jobs", "why", "\(job)", "--json").object()
            #expect(object["state"] as? String == "dead")
            #expect((object["waits_for"] as? [Any])?.isEmpty == true)
            #expect((object["answer"] as? String)?.contains("`samovar dead requeue 1`") == true)
            let missing = try site.samovar("jobs", "why", "99")
            #expect(missing.code == 2)
            #expect(missing.output.contains("there is no job 99"))
        }
    }

    // MARK: Pauses

    @Test
    func `a lane that no job was ever in is not paused unless that is meant`() async throws {
        try await withQueue { site, queue in
            _ = try await queue.add([.sample(route: "h", handler: "h", lane: "default/repo:17")])
            let wrong = try site.samovar("pause", "--lane", "repo:17")
            #expect(wrong.code == 2)
            #expect(wrong.output.contains("Lanes with jobs now: default/repo:17."))
            #expect(try site.samovar("pause", "list", "--json").array().isEmpty)
            #expect(try site.samovar("pause", "--lane", "default/repo:17").code == 0)
            #expect(try site.samovar("pause", "--lane", "repo:17", "--force").code == 0)
            #expect(try site.samovar("pause", "list", "--json").array().count == 2)
        }
    }

    // MARK: Jobs

    @Test
    func `jobs are cancelled by id: those that wait at once, those that run later`() async throws {
        try await withQueue { site, queue in
            let jobs = try await queue.add([Self.job, Self.job, Self.job])
            let token = try #require(try await queue.claim(1).first?.token)
            let unknown = try site.samovar("jobs", "cancel", "\(jobs[2])", "99")
            #expect(unknown.code == 2)
            #expect(try await queue.state(jobs[2]) == .ready, "an unknown id changes nothing")
            let answer = try site.samovar("jobs", "cancel", "\(token.job)", "\(jobs[2])", "--json")
            #expect(answer.code == 0)
            #expect(
                try answer.array().map { $0["change"] as? String } == ["stopping", "cancelled"]
            )
            #expect(try await queue.state(jobs[2]) == .cancelled)
            #expect(try await queue.row(token.job)["cancel_requested"] == .integer(1))
            let again = try site.samovar("jobs", "cancel", "\(jobs[2])")
            #expect(again.code == 2)
            #expect(again.output.contains("job \(jobs[2]) is cancelled, not ready or leased"))
        }
    }

    @Test
    func `a job that waits for its retry is made due, others are not`() async throws {
        try await withQueue { site, queue in
            let job = try await queue.add([Self.job])[0]
            let token = try await queue.claimOne()
            try await queue.end(token, .retry(after: .seconds(3600)))
            #expect(try await queue.claim().isEmpty)
            let answer = try site.samovar("jobs", "retry-now", "\(job)")
            #expect(answer.code == 0)
            #expect(
                answer.output == "due now: 1 job: 1\njob 1 still waits: no worker is alive: "
                    + "start samovar-worker, or `samovar up`\n"
            )
            #expect(try await queue.claim().count == 1)
            #expect(try site.samovar("jobs", "retry-now", "\(job)").code == 2)
        }
    }

    @Test
    func `dead jobs of a filter are requeued at a rate, and can be taken back`() async throws {
        try await withQueue { site, queue in
            var jobs: [JobID] = []
            for _ in 0..<3 { jobs.append(try await queue.addDead()) }
            let other = try await queue.add([Self.job])[0]
            let filter = ["dead", "requeue", "--handler", "h", "--reason", "BROKEN"]
            let dry = try site.samovar(filter + ["--dry-run", "--json"])
            #expect(try dry.object()["count"] as? Int == 3)
            let refused = try site.samovar(filter)
            #expect(refused.code == 64)
            #expect(refused.output.contains("--yes"))
            for job in jobs { #expect(try await queue.state(job) == .dead) }
            let answer = try site.samovar(filter + ["--rate", "1/h", "--yes"])
            #expect(answer.code == 0)
            #expect(answer.output.hasPrefix("requeued 3 jobs: 1, 2, 3\nthe last one is due "))
            #expect(answer.output.hasSuffix("\nundo while they wait: samovar jobs cancel 1 2 3\n"))
            let due = try site.reader.texts("SELECT run_at FROM job WHERE id <= 3 ORDER BY id")
                .compactMap { Int64($0) }
            #expect(due[1] - due[0] == 3_600_000_000)
            #expect(due[2] - due[1] == 3_600_000_000)
            #expect(try site.samovar("jobs", "cancel", "1", "2", "3").code == 0)
            #expect(try await queue.state(jobs[2]) == .cancelled)
            #expect(try await queue.state(other) == .ready)
        }
    }

    @Test
    func `dead jobs are discarded by a filter once that is agreed to, and taken back`()
        async throws
    {
        try await withQueue { site, queue in
            for _ in 0..<2 { _ = try await queue.addDead() }
            let filter = ["dead", "discard", "--handler", "h"]
            let dry = try site.samovar(filter + ["--dry-run"])
            #expect(dry.output.hasSuffix("would discard 2 jobs; nothing was changed\n"))
            #expect(try site.samovar(filter).code == 64)
            #expect(try site.samovar("dead", "list", "--json").array().count == 2)
            let answer = try site.samovar(filter + ["--yes"])
            #expect(
                answer.output == "discarded 2 jobs: 1, 2\n"
                    + "undo until they are pruned: samovar dead undiscard 1 2\n"
            )
            #expect(try site.samovar("dead", "list").output == "no dead jobs\n")
            let listed = try site.samovar("jobs", "list", "--state", "discarded")
            #expect(listed.output.contains("discarded: broken"))
            let requeue = try site.samovar("dead", "requeue", "1")
            #expect(requeue.code == 2)
            #expect(requeue.output.contains("job 1 is discarded: `samovar dead undiscard 1`"))
            #expect(try site.samovar("dead", "undiscard", "1").output == "dead again: 1 job: 1\n")
            #expect(try site.samovar("dead", "undiscard", "--all").output.contains("1 job: 2\n"))
            #expect(try site.samovar("dead", "list", "--json").array().count == 2)
        }
    }

    @Test
    func `a filter requeues no dead job that a replay has replaced, unless all are asked for`()
        async throws
    {
        try await withQueue { site, queue in
            _ = try await queue.addDead()
            try await queue.replay(DeliverySeq(rawValue: 1))
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(try await queue.store.decide([queue.routed(waiting[0], [.sample()])]) != .stale)
            let token = try await queue.claimOne()
            try await queue.end(token, .dead(reason: "broken again"))
            let filter = ["dead", "requeue", "--handler", "h"]
            let dry = try site.samovar(filter + ["--dry-run"])
            #expect(dry.output.contains("1 dead job left out: a later job of the same route and"))
            #expect(dry.output.contains("would requeue 1 job; nothing was changed\n"))
            #expect(try site.samovar(filter + ["--yes"]).output.contains("requeued 1 job: 2\n"))
            let left = try site.samovar(filter + ["--yes"])
            #expect(left.code == 2)
            #expect(left.output.contains("1 dead job left out"))
            let all = try site.samovar(filter + ["--all", "--yes"])
            #expect(all.output.contains("requeued 1 job: 1\n"))
        }
    }

    @Test
    func `all dead jobs are requeued without a question where nobody can be asked`() async throws {
        try await withQueue { site, queue in
            let none = try site.samovar("dead", "requeue", "--all")
            #expect(none.code == 0)
            #expect(none.output == "no dead jobs\n")
            for _ in 0..<2 { _ = try await queue.addDead() }
            let dry = try site.samovar("dead", "requeue", "--all", "--dry-run")
            #expect(dry.output.hasSuffix("would requeue 2 jobs; nothing was changed\n"))
            let answer = try site.samovar("dead", "requeue", "--all")
            #expect(answer.code == 0)
            #expect(answer.output.hasPrefix("requeued 2 jobs: 1, 2\n"))
        }
    }

    @Test
    func `a dead job whose body is pruned stays dead, and that is said`() async throws {
        try await withQueue { site, queue in
            let job = try await queue.addDead()
            let shell = try Shell(site.store)
            try shell.run("UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1")
            try shell.close()
            let answer = try site.samovar("dead", "requeue", "\(job)")
            #expect(answer.code == 1)
            #expect(answer.output.contains("job 1 stays dead: the body of its delivery is pruned"))
            let replay = try site.samovar("replay", "1")
            #expect(replay.code == 1)
            #expect(replay.output.contains("the body of delivery 1 is pruned"))
            #expect(try site.samovar("replay", "--state", "dead", "--yes").code == 2)
        }
    }

    // MARK: Bad input

    @Test(
        arguments: [
            ["dead", "requeue", "--handler", "nobody", "--yes"],
            ["jobs", "cancel", "--repo", "no/body", "--yes"],
            ["jobs", "retry-now", "--until", "2001-01-01", "--dry-run"],
            ["replay", "--event", "release", "--yes"],
            ["replay", "--verdict", "ignored", "--dry-run"],
        ]
    )
    func `a filter that matches nothing is code 2, and changes nothing`(
        words: [String]
    ) async throws {
        try await withQueue { site, queue in
            let job = try await queue.addDead()
            let answer = try site.samovar(words)
            #expect(answer.code == 2)
            #expect(answer.output.contains("is like that; nothing was changed"))
            #expect(try await queue.state(job) == .dead)
        }
    }

    @Test(
        arguments: [
            (["replay", "99"], 2, "no delivery is named '99'"),
            (["replay", "1", "99"], 2, "no delivery is named '99'"),
            (["replay", "cancel", "7"], 2, "there is no batch of replays 7"),
            (["dead", "requeue", "99"], 2, "there is no job 99"),
            (["jobs", "cancel", "--since", "2hours"], 64, "an age with its unit"),
            (["replay", "--since", "1h", "--rate", "fast"], 64, "say how many in how long"),
            (["replay", "--since", "1h", "--until", "2h"], 64, "--since is not before --until"),
            (["pause", "--handler", "hh"], 2, "did you mean 'h'? Nothing was changed"),
            (["resume", "--handler", "h"], 2, "handler h is not paused"),
            (["lease", "verify", "5"], 64, "a token is JOB.ATTEMPT"),
            (["lease", "verify"], 64, "SAMOVAR_TOKEN is not set"),
        ]
    )
    func `what cannot be done is said, and nothing is changed`(
        words: [String],
        code: Int32,
        message: String
    ) async throws {
        try await withQueue { site, queue in
            _ = try await queue.addDead()
            let answer = try site.samovar(words)
            #expect(answer.code == code)
            #expect(answer.output.contains(message), "\(answer.output)")
            #expect(try site.reader.number("SELECT count(*) FROM replay_request") == 0)
            #expect(try site.reader.number("SELECT count(*) FROM pause") == 0)
            #expect(try site.reader.text("SELECT state FROM job") == "dead")
        }
    }

    // MARK: Replays

    @Test
    func `deliveries that no route wanted are replayed in a batch, and taken back`() async throws {
        try await withQueue { site, queue in
            let seqs = try await queue.accept(3)
            _ = try await queue.store.decide(seqs.map { queue.ignored(.delivery($0)) })
            _ = try await queue.add([Self.job])
            let filter = ["replay", "--verdict", "ignored"]
            let dry = try site.samovar(filter + ["--dry-run"])
            #expect(dry.output.contains("         3  push        ignored\n"))
            #expect(dry.output.hasSuffix("would replay 3 deliveries; nothing was changed\n"))
            let answer = try site.samovar(filter + ["--rate", "1/h", "--yes", "--json"])
            let object = try answer.object()
            #expect(object["deliveries"] as? Int == 3)
            let batch = try #require((object["batches"] as? [[String: Any]])?.first)
            #expect(batch["batch"] as? Int == 1)
            let list = try site.samovar("replay", "list", "--json").array()
            #expect(list.first?["waiting"] as? Int == 3)
            let status = try site.samovar("status", "--json").object()
            #expect(status["replays_waiting"] as? Int == 3)
            let cancel = try site.samovar("replay", "cancel", "1", "1")
            #expect(cancel.output == "batch 1: 3 deliveries will not be routed again\n")
            #expect(
                try site.samovar("replay", "cancel", "1").output
                    == "batch 1: nothing was left to cancel\n"
            )
            let missing = try site.samovar("replay", "cancel", "99", "1")
            #expect(missing.code == 2)
            #expect(missing.output.contains("batch 1: nothing was left to cancel\n"))
            #expect(missing.output.contains("there is no batch of replays 99\n"))
        }
    }

    @Test
    func `a delivery that waits to be routed is not replayed, so that it does not run twice`()
        async throws
    {
        try await withQueue { site, queue in
            _ = try await queue.add([Self.job])
            try await queue.end(queue.claimOne(), .done)
            _ = try await queue.accept()
            for words in [["replay", "2"], ["replay", "1", "2"], ["replay", "2", "--dry-run"]] {
                let answer = try site.samovar(words)
                #expect(answer.code == 2)
                #expect(answer.output.contains("delivery 2 waits to be routed, so there is no"))
            }
            let filter = try site.samovar("replay", "--event", "push", "--dry-run", "--json")
            #expect(try filter.object()["count"] as? Int == 1)
            #expect(try site.reader.number("SELECT count(*) FROM replay_request") == 0)
        }
    }

    @Test
    func `a delivery that was replayed shows the lineage of its jobs`() async throws {
        try await withQueue { site, queue in
            let job = try await queue.add([Self.job])[0]
            let token = try await queue.claimOne()
            try await queue.end(token, .done)
            let answer = try site.samovar("replay", "1", "--json").object()
            #expect(answer["seq"] as? Int == 1)
            #expect(answer["event_type"] as? String == "push")
            try site.startWorker()
            try waitUntil("the replayed job to be done") {
                try site.reader.text("SELECT state FROM job WHERE replay_of = 1") == "done"
            }
            let shown = try site.samovar("jobs", "show", "\(job)").output
            #expect(shown.contains("replayed by       job 2\n"))
            let replay = try site.samovar("jobs", "show", "2", "--json").object()
            #expect(replay["replay_chain"] as? [Int] == [1])
            #expect(try site.samovar("deliveries", "show", "1").output.contains("replay_of"))
        }
    }

    // MARK: Pauses

    @Test
    func `a paused handler starts nothing until it is resumed`() async throws {
        try await withQueue { site, queue in
            #expect(
                try site.samovar("pause", "--everything").output
                    == "paused everything: 0 jobs wait\nresume: samovar resume --everything\n"
            )
            #expect(try site.samovar("pause", "--route", "h").code == 0)
            let again = try site.samovar("pause", "--everything", "--reason", "other")
            #expect(again.code == 0)
            #expect(again.output.hasPrefix("everything is paused already, since "))
            #expect(try site.samovar("pause", "--handler", "gone", "--force").code == 0)
            let job = try await queue.add([Self.job])[0]
            try site.startWorker()
            let pauses = try site.samovar("pause", "list", "--json").array()
            #expect(pauses.map { $0["kind"] as? String } == ["everything", "handler", "route"])
            #expect(pauses.map { $0["jobs"] as? Int } == [1, 0, 1])
            let resumed = try site.samovar("resume", "--everything")
            #expect(
                resumed.output == "resumed everything\nstill paused: handler gone, route h\n"
            )
            #expect(try await queue.state(job) == .ready)
            #expect(try site.samovar("status").output.contains("route h (since "))
            #expect(try site.samovar("resume", "--route", "h").code == 0)
            try waitUntil("the job to run") {
                try site.reader.text("SELECT state FROM job") == "done"
            }
        }
    }

    // MARK: Leases

    @Test
    func `a token is verified while its attempt counts, and no longer`() async throws {
        try await withQueue { site, queue in
            _ = try await queue.add([Self.job])
            let token = try await queue.claimOne()
            let held = try site.samovar("lease", "verify", "\(token)")
            #expect(held == Answer(code: 0, output: ""))
            let verbose = try site.samovar("lease", "verify", "\(token)", "--verbose")
            #expect(verbose.output.hasPrefix("attempt 1.1 counts, its lease has "))
            let list = try site.samovar("lease", "list", "--json").array()
            #expect(list.first?["token"] as? String == "1.1")
            #expect(list.first?["alive"] as? Bool == false)
            let other = try site.samovar(
                ["lease", "verify", "\(token)"],
                under: ["/usr/bin/env", "SAMOVAR_STORE=other"]
            )
            #expect(other.code == 1)
            #expect(other.output.contains("is one of store other (SAMOVAR_STORE)"))
            try await queue.end(token, .done)
            let ended = try site.samovar("lease", "verify", "\(token)")
            #expect(ended.code == 1)
            #expect(
                ended.output == "attempt 1.1 does not count: it has ended, its job is done\n"
            )
            #expect(try site.samovar("lease", "verify", "1.2").code == 1)
            #expect(try site.samovar("lease", "list").output == "nothing runs\n")
        }
    }

    @Test
    func `a handler verifies its own attempt without naming it`() async throws {
        try await withQueue { site, queue in
            let command = "'\(Binaries.samovar)' --config '\(site.configuration)' lease verify"
            try site.script("h", "exec \(command)")
            _ = try await queue.add([Self.job])
            try site.startWorker()
            try site.awaitQuiet()
            #expect(try site.reader.text("SELECT state FROM job") == "done", site.attempts)
        }
    }

    // MARK: A terminal

    @Test
    func `a job that began to run while its cancellation was asked about goes on`() async throws {
        try await withQueue { site, queue in
            _ = try await queue.add([Self.job, Self.job, Self.job])
            // Kept open for both, so that nobody waits for the other one to open it.
            let onTerminal = "mkfifo in; exec 3<>in; exec script -qec \"$*\" /dev/null <&3"
            let cancel = try site.start(
                Binaries.samovar,
                arguments: ["jobs", "cancel", "--state", "ready"],
                under: ["/bin/sh", "-c", onTerminal, "sh"]
            )
            try waitUntil("the question") { cancel.output.contains("Cancel 3 jobs? [y/N]") }
            let token = try #require(try await queue.claim(1).first?.token)
            let input = try #require(FileHandle(forWritingAtPath: site.path("in")))
            try input.write(contentsOf: Data("y\n".utf8))
            try input.close()
            #expect(try cancel.awaitExit() == .code(0))
            #expect(cancel.output.contains("cancelled 2 jobs: "), "\(cancel.output)")
            #expect(cancel.output.contains("1 job changed meanwhile, and stayed as"))
            #expect(try await queue.row(token.job)["cancel_requested"] == .integer(0))
            #expect(try await queue.state(token.job) == .leased)
        }
    }

    @Test(arguments: [("y", 1), ("n", 0)])
    func `a person at a terminal is shown the counts, and asked`(
        answer: String,
        batches: Int
    ) async throws {
        try await withQueue { site, queue in
            _ = try await queue.add([Self.job, Self.job])
            // What follows the script are "$@": the program and its words.
            let onTerminal = "echo \(answer) | script -qec \"$*\" /dev/null"
            let asked = try site.samovar(
                ["replay", "--route", "h"],
                under: ["/bin/sh", "-c", onTerminal, "sh"]
            )
            #expect(asked.output.contains("2  push        routed"))
            #expect(asked.output.contains("Replay 2 deliveries? [y/N]"))
            #expect(asked.output.contains(batches == 1 ? "(batch 1)" : "nothing was changed"))
            let count = try site.reader.number(
                "SELECT count(DISTINCT batch) FROM replay_request"
            )
            #expect(count == batches)
        }
    }
}

/// How a command ended, and all that it printed.
private struct Answer: Equatable {
    var code: Int32
    var output: String

    func object() throws -> [String: Any] {
        try #require(try json() as? [String: Any], "\(output)")
    }

    func array() throws -> [[String: Any]] {
        try #require(try json() as? [[String: Any]], "\(output)")
    }

    private func json() throws -> Any {
        try JSONSerialization.jsonObject(with: Data(output.utf8))
    }
}

extension Site {
    /// Runs a command of `samovar` to its end.
    fileprivate func samovar(_ words: String...) throws -> Answer {
        try samovar(words)
    }

    fileprivate func samovar(_ words: [String], under wrapper: [String] = []) throws -> Answer {
        try answer(of: start(Binaries.samovar, arguments: words, under: wrapper))
    }

    private func answer(of program: RunningProgram) throws -> Answer {
        switch try program.awaitExit() {
        case .code(let code): Answer(code: code, output: program.output)
        case .signal(let signal): Answer(code: 128 + signal, output: program.output)
        }
    }
}

import QueueCore
import TestSupport
import Testing

@Suite
struct WorkFactsTests {
    private static let now = TestClock().now
    private static let worker = WorkerID(rawValue: "w1")

    private static func machine(alive: Bool) -> MachineFacts {
        MachineFacts(
            now: now,
            monotonic: MonotonicTime(rawValue: 1_000_000),
            bootID: "boot",
            alive: alive ? [worker] : []
        )
    }

    private static func lease(boot: String = "boot", until: Int64 = 2_000_000) -> WorkFacts.Lease {
        WorkFacts.Lease(
            token: AttemptToken(job: JobID(rawValue: 5), attempt: 1),
            worker: worker,
            until: MonotonicTime(rawValue: until),
            boot: boot,
            startedAt: ago(90)
        )
    }

    private static func ago(_ seconds: Int64) -> Timestamp { now + .seconds(-seconds) }

    private static func facts(_ change: (inout WorkFacts) -> Void) -> WorkFacts {
        var facts = WorkFacts()
        change(&facts)
        return facts
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var check: String
        var facts: WorkFacts
        var alive = true
        var level: Diagnosis.Level
        var text: String

        var testDescription: String { text }
    }

    static let cases = [
        Case(check: "workers", facts: facts { $0.workers = [worker] }, level: .ok, text: "1 alive"),
        Case(check: "workers", facts: WorkFacts(), level: .note, text: "none is running"),
        Case(
            check: "workers",
            facts: facts { $0.workers = [worker] },
            alive: false,
            level: .warning,
            text: "0 alive; died without a word: w1"
        ),
        Case(
            check: "worker_configuration",
            facts: facts { $0.workers = [worker] },
            level: .ok,
            text: "no worker has refused a changed file"
        ),
        Case(
            check: "worker_configuration",
            facts: facts {
                ($0.workers, $0.configurationErrors) = ([worker], [worker: "a:1:2: x\na:2:3: y"])
            },
            level: .warning,
            text: "changed, but not taken over, the old one goes on: a:1:2: x, and 1 more"
        ),
        Case(
            check: "worker_configuration",
            facts: facts {
                ($0.workers, $0.configurationErrors) = ([worker], [worker: "a:1:2: x"])
            },
            alive: false,
            level: .ok,
            text: "no worker has refused a changed file"
        ),
        Case(
            check: "leases",
            facts: facts { $0.leases = [lease()] },
            level: .ok,
            text: "1 job running, the oldest attempt for 1 min 30 s"
        ),
        Case(
            check: "leases",
            facts: facts { $0.leases = [lease()] },
            alive: false,
            level: .warning,
            text: "held by dead workers: job 5"
        ),
        Case(
            check: "leases",
            facts: facts { $0.leases = [lease(until: 999_999)] },
            level: .warning,
            text: "expired, and their workers still live: job 5 of w1"
        ),
        Case(
            check: "leases",
            facts: facts { $0.leases = [lease(boot: "earlier")] },
            level: .ok,
            text: "1 job running, the oldest attempt for 1 min 30 s"
        ),
        Case(
            check: "to_be_routed",
            facts: facts { ($0.waiting, $0.oldestWaiting) = (2, ago(59)) },
            level: .ok,
            text: "2 deliveries waiting, the oldest for 59 s"
        ),
        Case(
            check: "to_be_routed",
            facts: facts { ($0.waiting, $0.oldestWaiting) = (1, ago(61)) },
            level: .warning,
            text: "1 delivery waiting, the oldest for 1 min 1 s"
        ),
        Case(
            check: "to_be_routed",
            facts: facts { ($0.waiting, $0.oldestWaiting) = (1, ago(-5)) },
            alive: false,
            level: .warning,
            text: "1 delivery waiting, the oldest for 0 s, and no worker is alive"
        ),
        Case(
            check: "due_jobs",
            facts: facts { ($0.dueJobs, $0.oldestDueJob) = (3, ago(3700)) },
            level: .note,
            text: "3 jobs due, the oldest for 1 h 1 min"
        ),
        Case(
            check: "due_jobs",
            facts: facts { ($0.dueJobs, $0.oldestDueJob) = (1, ago(1)) },
            alive: false,
            level: .warning,
            text: "1 job due, the oldest for 1 s, and no worker is alive"
        ),
        Case(
            check: "dead_letters",
            facts: facts { ($0.dead, $0.oldestDead) = (4, ago(2 * 86_400 + 3600)) },
            level: .note,
            text: "4 dead jobs, the oldest for 2 d 1 h"
        ),
        Case(
            check: "took_workers_down",
            facts: facts { ($0.newlyQuarantined, $0.newlyPoisoned) = (1, 2) },
            level: .warning,
            text: "1 job quarantined, 2 deliveries poisoned in the last day"
        ),
        Case(
            check: "pauses",
            facts: facts {
                $0.pauses = [
                    Pause(target: .everything, reason: nil, since: ago(60)),
                    Pause(target: .route("r"), reason: "why", since: ago(5)),
                ]
            },
            level: .warning,
            text: "paused: everything for 1 min; route r for 5 s (why)"
        ),
        Case(
            check: "incidents",
            facts: facts { $0.incidents = [WorkFacts.Incidents(kind: "oversize", count: 3)] },
            level: .warning,
            text: "in the last day: 3 oversize"
        ),
        // What anybody can cause.
        Case(
            check: "incidents",
            facts: facts {
                $0.incidents = [WorkFacts.Incidents(kind: "signature_refused", count: 3)]
            },
            level: .note,
            text: "in the last day: 3 signature_refused"
        ),
        Case(
            check: "pruning",
            facts: facts { $0.overdue = ["bodies", "jobs"] },
            level: .warning,
            text: "behind by more than an hour: bodies, jobs"
        ),
    ]

    @Test(arguments: cases)
    func `each fact has its meaning`(example: Case) throws {
        let diagnoses = example.facts.diagnoses(at: Self.machine(alive: example.alive))
        let found = try #require(diagnoses.first { $0.check == example.check })
        #expect(found.level == example.level)
        #expect(found.text == example.text)
        #expect((found.hint != nil) == (example.level != .ok))
    }

    @Test
    func `a queue that does nothing has no findings`() {
        let diagnoses = WorkFacts().diagnoses(at: Self.machine(alive: true))
        #expect(diagnoses.allSatisfy { !$0.isFinding })
    }
}

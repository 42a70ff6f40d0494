import QueueCore
import Settings
import Testing

@testable import Operator

@Suite
struct SiteFactsTests {
    private static let now = Timestamp(rawValue: 1_767_323_045_000_000)
    private static let reader = ProcessName(pid: 7, program: "sqlite3", age: .seconds(90))

    private static func facts(_ change: (inout SiteFacts) -> Void) -> SiteFacts {
        var facts = SiteFacts()
        facts.freeBytes = 50 << 30
        facts.diskBytes = 100 << 30
        change(&facts)
        return facts
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var check: String
        var facts: SiteFacts
        var newest: Timestamp?
        var level: Diagnosis.Level
        var text: String

        var testDescription: String { text }
    }

    static let cases = [
        Case(
            check: "log",
            facts: facts { $0.logBytes = 4 << 20 },
            level: .note,
            text: "4.0 MiB: a process kept reading"
        ),
        Case(check: "log", facts: facts { $0.logBytes = 1 << 20 }, level: .ok, text: "1.0 MiB"),
        Case(
            check: "log",
            facts: facts { ($0.logBytes, $0.readers) = (1 << 20, [reader]) },
            level: .note,
            text: "1.0 MiB; a transaction is kept open by sqlite3 (pid 7, running for 1 min 30 s)"
        ),
        Case(
            check: "log",
            facts: facts { ($0.logBytes, $0.readers) = (9 << 20, [reader]) },
            level: .warning,
            text: "9.0 MiB, and cannot be emptied while these read: sqlite3 (pid 7"
        ),
        Case(
            check: "write_lock",
            facts: facts { $0.writers = [reader] },
            level: .warning,
            text: "held by sqlite3 (pid 7, running for 1 min 30 s): no other process can write"
        ),
        Case(
            check: "processes",
            facts: facts { facts in
                facts.sights = Set(
                    (1...2).map { ProcessSight(bootID: "b", namespace: "pid:[\($0)]") }
                )
            },
            level: .note,
            text: "handlers run in 2 places that do not see each other: pid:[1], pid:[2]"
        ),
        Case(
            check: "disk",
            facts: facts { _ in },
            level: .ok,
            text: "50 GiB free (50 %)"
        ),
        Case(
            check: "disk",
            facts: facts { $0.freeBytes = 9 << 30 },
            level: .warning,
            text: "9.0 GiB free (9 %)"
        ),
        Case(
            check: "disk",
            facts: facts { ($0.freeBytes, $0.diskBytes) = (1 << 29, 1 << 30) },
            level: .warning,
            text: "512 MiB free (50 %)"
        ),
        Case(
            check: "disk",
            facts: facts { $0.freeBytes = nil },
            level: .note,
            text: "the file system does not say"
        ),
        Case(
            check: "file_modes",
            facts: facts { $0.files = [SiteFacts.FileMode(path: "/s/q.db", mode: 0o644)] },
            level: .warning,
            text: "open to every user of this machine: /s/q.db (644)"
        ),
        Case(
            check: "file_modes",
            facts: facts { $0.files = [SiteFacts.FileMode(path: "/s/q.db", mode: 0o660)] },
            level: .ok,
            text: "no other users may read the store"
        ),
        Case(
            check: "clock",
            facts: facts { $0.uptime = .seconds(7_500) },
            newest: now + .seconds(1),
            level: .ok,
            text: "not behind any delivery, booted 2 h 5 min ago"
        ),
        Case(
            check: "clock",
            facts: facts { _ in },
            newest: now + .seconds(3600),
            level: .warning,
            text: "1 h behind the newest delivery"
        ),
        Case(
            check: "ingress",
            facts: facts { $0.ingress = IngressFacts(health: "[::1]:1", state: .ready(note: nil)) },
            level: .ok,
            text: "ready at [::1]:1"
        ),
        Case(
            check: "ingress",
            facts: facts {
                $0.ingress = IngressFacts(health: "[::1]:1", state: .notReady("disk full"))
            },
            level: .warning,
            text: "not ready: disk full"
        ),
        Case(
            check: "ingress",
            facts: facts {
                $0.ingress = IngressFacts(health: "[::1]:1", state: .silent("no answer"))
            },
            level: .warning,
            text: "no answer"
        ),
        Case(
            check: "configuration",
            facts: facts { $0.warnings = ["samovar.yaml:3:5: a.secret has 4 bytes"] },
            level: .warning,
            text: "samovar.yaml:3:5: a.secret has 4 bytes"
        ),
        Case(
            check: "configuration",
            facts: facts { $0.unchecked = ["a.secret cannot be read"] },
            level: .note,
            text: "not checked: a.secret cannot be read"
        ),
    ]

    @Test(arguments: cases)
    func `each fact has its meaning`(example: Case) throws {
        let diagnoses = example.facts.diagnoses(now: Self.now, newestReceived: example.newest)
        let found = try #require(diagnoses.first { $0.check == example.check })
        #expect(found.level == example.level)
        #expect(found.text.hasPrefix(example.text), "\(found.text)")
    }

    @Test
    func `a lock is told with what becomes of deliveries meanwhile`() async throws {
        try await TemporaryFolder.with { folder async throws in
            func hint(spool: SpoolSettings?) throws -> String {
                var configuration = Configuration(
                    file: "\(folder.path)/samovar.yaml",
                    store: "\(folder.path)/queue.db",
                    ingress: IngressSettings(secrets: [])
                )
                configuration.ingress.spool = spool
                let facts = Self.facts {
                    $0.writers = [Self.reader]
                    $0.spool = SpoolFacts(configuration)
                }
                let diagnoses = facts.diagnoses(now: Self.now, newestReceived: nil)
                return try #require(diagnoses.first { $0.check == "write_lock" }?.hint)
            }
            #expect(try hint(spool: nil).contains("answered 503"))
            let working = SpoolSettings(file: "\(folder.path)/spool")
            #expect(try hint(spool: working).contains("answered 202 and kept in the spool"))
            try folder.write("no folder", "")
            let broken = SpoolSettings(file: "\(folder.path)/no folder/spool")
            #expect(try hint(spool: broken).contains("answered 503"))
        }
    }
}

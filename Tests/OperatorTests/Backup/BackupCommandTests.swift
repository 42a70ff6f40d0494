import ArgumentParser
import Foundation
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct BackupCommandTests {
    private static let backup = Backup(
        file: "/b/q.db",
        bytes: 1_536,
        schema: 2,
        deliveries: 1,
        jobs: 2
    )

    @Test
    func `people read what the copy holds, and that it was verified`() {
        #expect(
            BackupCommand.text(Self.backup, .milliseconds(350))
                == "/b/q.db: 1.5 KiB, 1 delivery, 2 jobs, in 350 ms, verified\n"
        )
    }

    @Test
    func `people read what could not be compared`() {
        var backup = Self.backup
        backup.bodiesWithoutDigest = 2
        #expect(
            BackupCommand.text(backup, .milliseconds(350)).hasSuffix(
                "verified but for 2 bodies not decided, or not readable, of which there is no digest\n"
            )
        )
    }

    @Test
    func `programs read one object`() {
        #expect(
            BackupCommand.json(Self.backup, .milliseconds(350)).compact
                == #"{"file":"/b/q.db","bytes":1536,"schema":2,"deliveries":1,"jobs":2,"#
                + #""duration_seconds":0.35,"bodies_without_digest":0,"verified":true}"#
        )
    }

    @Test
    func `who restored reads what to do next`() throws {
        let result = Restore.Result(
            backup: Self.backup,
            newestReceived: Timestamp(rawValue: 1_767_323_045_000_000),
            liveJobs: 2,
            wereRunning: 1,
            skippedNumbers: 1_000_000
        )
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let now = Timestamp(rawValue: 1_767_323_045_000_000)
        let text = RestoreCommand.text(
            result,
            store: "/s/queue.db",
            time: LocalTime(now: now, timeZone: zone)
        )
        #expect(text.hasPrefix("restored /s/queue.db from /b/q.db: 1 delivery, 2 jobs, verified\n"))
        #expect(text.contains("2 jobs to be run, of which 1 ran when the backup was made.\n"))
        #expect(text.contains("came at 2026-01-02 03:04:05.000."))
        #expect(text.hasSuffix("4. samovar resume --everything\n"))
    }

    @Test(
        arguments: [
            (BackupError.exists(file: "/b"), true),
            (.isTheStore(file: "/b"), true),
            (.unsound(file: "/b", findings: ["a"]), true),
            (.storeExists(files: ["/s"]), true),
            (.inUse(by: ["worker w1"]), true),
            (.diskFull(file: "/b"), false),
            (.noFolder(folder: "/b"), false),
            (.noBackup(file: "/b"), false),
            (.store(.missing(path: "/s")), false),
        ]
    )
    func `every refusal says what to do`(error: BackupError, isRefusal: Bool) {
        #expect(error.isRefusal == isRefusal)
        #expect(!error.description.isEmpty)
        #expect(!error.operatorHint.isEmpty)
    }

    @Test(
        arguments: [
            ["backup"], ["backup", "a", "b"], ["restore"], ["restore", "--force", "a"],
            ["prune", "a"], ["doctor", "a"], ["sql", "SELECT", "1"],
        ]
    )
    func `a command line that makes no sense is refused with code 64`(words: [String]) {
        #expect {
            try OperatorCommand.parseAsRoot(words)
        } throws: {
            OperatorCommand.exitCode(for: $0).rawValue == 64
        }
    }

    @Test
    func `names are quoted for the shell`() {
        let error = BackupError.storeExists(files: ["/my site/queue.db", "/my site/queue.db-wal"])
        #expect(
            error.operatorHint == """
                With the services stopped, move it away first, all of it:
                  mv '/my site/queue.db' '/my site/queue.db.old'
                  mv '/my site/queue.db-wal' '/my site/queue.db.old-wal'
                """
        )
    }
}

import Foundation
import QueueCore
import TestSupport
import Testing

/// Random histories against a small model of the queue.
///
/// A history that fails names its seed: `SAMOVAR_MODEL_SEED=17 swift test --filter ModelTests` runs
/// it alone, step by step the same. `SAMOVAR_MODEL_HISTORIES=1000` runs more of them.
@Suite
struct ModelTests {
    private static let steps = 2500

    static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["SAMOVAR_MODEL_SEED"].flatMap(UInt64.init) { return [seed] }
        let count = environment["SAMOVAR_MODEL_HISTORIES"].flatMap(UInt64.init) ?? 40
        return Array(1...max(count, 1))
    }()

    @Test(arguments: seeds)
    func `whatever happens, the store does what the model says`(seed: UInt64) async throws {
        try await withTemporaryFolder(inMemory: true) { folder in
            var history = try await History(seed: seed, path: folder + "/queue.db")
            do {
                try await history.run(steps: Self.steps)
            } catch {
                throw Mismatch("SAMOVAR_MODEL_SEED=\(seed) \(error)")
            }
            try checkSoundness(ofStoreAt: folder + "/queue.db")
        }
    }

    /// What a history must come to, or it proves little.
    static let answers: Set = [
        "accepted()", "duplicate()", "conflict()", "stale",
        "changed", "willStop", "bodyPruned", "discarded", "unknown", "refused(JobState.ready)",
        "refused(JobState.leased)", "refused(JobState.done)", "refused(JobState.dead)",
        "refused(JobState.cancelled)",
        "leaseLost", "written(JobState.ready)", "written(JobState.done)", "written(JobState.dead)",
        "written(JobState.cancelled)",
        "held(leaseLeft: Optional(. seconds))", "lost(LeaseLoss.takenOver)",
        "lost(LeaseLoss.noSuchJob)", "lost(LeaseLoss.ranOut)",
        "lost(LeaseLoss.superseded(by: ))", "lost(LeaseLoss.earlierBoot)",
        "lost(LeaseLoss.ended(JobState.ready))", "lost(LeaseLoss.ended(JobState.done))",
        "quarantined:  workers died while it ran", "cancelled by an operator",
        "snoozed for more than  days", "a repeat that runs again", "poison",
        "the same bytes as delivery : dead jobs requeued: ",
        "the same bytes as delivery : nothing to do",
        "done", "retry", "snooze", "dead", "released", "lost", "cancelled", "waits", "routed",
        "ignored", "malformed", "repeated", "pruned deliveries",
    ]

    @Test
    func `histories come to every answer and every end there is`() async throws {
        var missing = Self.answers
        for seed: UInt64 in 101...110 where !missing.isEmpty {
            try await withTemporaryFolder(inMemory: true) { folder in
                var history = try await History(seed: seed, path: folder + "/queue.db")
                try await history.run(steps: Self.steps)
                missing.subtract(history.seen)
            }
        }
        #expect(missing == [])
    }

    /// Small faults, each of which the histories above must be able to find.
    static let faults = [
        "DROP TRIGGER job_is_blocked_by_its_lane",
        "DROP TRIGGER job_passes_its_lane_on",
        "DROP TRIGGER job_that_goes_is_counted",
        fault("OLD.state = 'leased' AND NEW.state = 'ready'", "failures = 0"),
        fault("OLD.state = 'leased' AND NEW.state = 'ready'", "run_at = run_at + 1"),
        fault("OLD.state = 'dead' AND NEW.state = 'ready'", "losses = 1"),
        fault("NEW.state = 'leased' AND NEW.attempt = 3", "lease_until = lease_until - 1"),
        """
        CREATE TRIGGER fault AFTER UPDATE OF state ON job
        WHEN NEW.state = 'dead' AND NEW.losses > 0
        BEGIN
            DELETE FROM pause;
        END
        """,
        """
        CREATE TRIGGER fault AFTER UPDATE OF verdict ON routing
        WHEN NEW.verdict = 'repeat'
        BEGIN
            UPDATE routing SET payload_sha256 = NULL WHERE delivery = NEW.delivery;
        END
        """,
    ]

    /// A change of a job's state that does something more.
    private static func fault(_ when: String, _ set: String) -> String {
        """
        CREATE TRIGGER fault AFTER UPDATE OF state ON job
        WHEN \(when)
        BEGIN
            UPDATE job SET \(set) WHERE id = NEW.id;
        END
        """
    }

    @Test(arguments: faults)
    func `the model finds a store that is broken`(fault: String) async throws {
        try await withTemporaryFolder(inMemory: true) { folder in
            let path = folder + "/queue.db"
            var history = try await History(seed: 1, path: path)
            let shell = try Shell(path)
            try shell.run(fault)
            try shell.close()
            await #expect(throws: Mismatch.self) { try await history.run(steps: Self.steps) }
        }
    }
}

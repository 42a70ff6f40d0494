import TestSupport
import Testing

/// A person with `sqlite3` in hand, and what came with the second migration.
@Suite
struct PauseAndReplayTriggerTests {
    /// Refused, with what is said; the rows are those of ``withEveryState``.
    static let refused: [(String, String)] = [
        // Pauses.
        ("INSERT INTO pause (kind) VALUES ('handler')", "all_but_everything_have_a_name"),
        ("INSERT INTO pause (kind) VALUES ('route')", "all_but_everything_have_a_name"),
        ("INSERT INTO pause (kind) VALUES ('lane')", "all_but_everything_have_a_name"),
        (
            "INSERT INTO pause (kind, name) VALUES ('everything', 'x')",
            "all_but_everything_have_a_name"
        ),
        ("INSERT INTO pause (kind, name) VALUES ('queue', 'x')", "pause_kind_is_known"),
        ("INSERT INTO pause (kind, name) VALUES (NULL, 'x')", "pause.kind"),
        (
            "INSERT INTO pause (kind, name) VALUES ('handler', 'h'), ('handler', 'h')",
            "pause.kind, pause.name"
        ),
        // Notes of the claim and of the pruner.
        ("UPDATE job SET parked = 'odd' WHERE id = 5", "parked_is_known"),
        ("UPDATE routing SET body_pruned = 2 WHERE delivery = 1", "body_pruned_is_a_flag"),
        // Replays, of which 1 waits and 2 is decided.
        ("\(replays); UPDATE replay_request SET delivery = 2 WHERE id = 1", "decided once"),
        ("\(replays); UPDATE replay_request SET batch = 9 WHERE id = 1", "decided once"),
        ("\(replays); UPDATE replay_request SET id = 9 WHERE id = 1", "decided once"),
        ("\(replays); UPDATE replay_request SET reason = 'x' WHERE id = 2", "decided once"),
        (
            "\(replays); UPDATE replay_request SET verdict = NULL, decided_at = NULL WHERE id = 2",
            "decided once"
        ),
        (
            "\(replays); UPDATE replay_request SET verdict = 'routed' WHERE id = 1",
            "decided_replays_say_when"
        ),
        (
            "\(replays); UPDATE replay_request SET verdict = 'dead', decided_at = 1 WHERE id = 1",
            "other_replay_verdicts_say_why"
        ),
        (
            """
            \(replays); UPDATE replay_request SET verdict = 'repeat', reason = 'r', decided_at = 1
            WHERE id = 1
            """, "replay_verdict_is_known"
        ),
        ("\(replays); DELETE FROM replay_request WHERE id = 1", "waits to be routed, or has jobs"),
        (
            """
            \(replays);
            INSERT INTO job (delivery, route, handler, run_at, created_at, replay)
            VALUES (1, 'r', 'h', 0, 0, 2);
            DELETE FROM replay_request WHERE id = 2
            """, "waits to be routed, or has jobs"
        ),
        (
            """
            \(replays);
            REPLACE INTO replay_request (id, delivery, batch, requested_at, not_before)
            VALUES (2, 1, 2, 0, 0)
            """, "no such delivery"
        ),
        (
            """
            INSERT INTO job (delivery, route, handler, run_at, created_at, replay_of)
            VALUES (1, 'r', 'h', 0, 0, 99)
            """, "a new job belongs to a delivery"
        ),
    ]

    @Test(arguments: refused)
    func `a statement that would break a pause, a replay or pruning is refused and says why`(
        sql: String,
        message: String
    ) async throws {
        try await withEveryState { shell in
            try expectRefusal(of: sql, saying: message, by: shell)
        }
    }

    private static let replays = """
        INSERT INTO replay (delivery) VALUES (1);
        INSERT INTO replay (delivery) VALUES (1);
        UPDATE replay_request SET verdict = 'routed', decided_at = 1 WHERE id = 2
        """
}

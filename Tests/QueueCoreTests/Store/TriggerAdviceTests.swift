import TestSupport
import Testing

/// What a refusal tells a person to do.
@Suite
struct TriggerAdviceTests {
    /// What provokes a refusal, the job that it is about, the statement that it advises, and a
    /// question that is answered with 1 once that was done.
    static let advised: [(String, Int, String, String)] = [
        (
            "UPDATE job SET state = 'done', worker = NULL WHERE id = 4", 4,
            "UPDATE job SET cancel_requested = 1 WHERE id = (its id)",
            "SELECT count(*) FROM job WHERE cancel_requested = 1"
        ),
        (
            "UPDATE job SET state = 'cancelled' WHERE id = 1", 1,
            "INSERT INTO discard (job) VALUES (its id)",
            "SELECT died_at IS NOT NULL FROM job WHERE id = 1"
        ),
        (
            "DELETE FROM job WHERE id = 1", 1, "INSERT INTO discard (job) VALUES (its id)",
            "SELECT died_at IS NOT NULL FROM job WHERE id = 1"
        ),
        (
            "DELETE FROM job WHERE id = 5", 5,
            "UPDATE job SET cancel_requested = 1 WHERE id = (its id)",
            "SELECT state = 'cancelled' FROM job WHERE id = 5"
        ),
        (
            "UPDATE job SET state = 'ready' WHERE id = 2", 2,
            "INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id)",
            "SELECT delivery = 2 FROM replay"
        ),
        (
            "INSERT INTO requeue (job) VALUES (2)", 2,
            "INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id)",
            "SELECT delivery = 2 FROM replay"
        ),
        (
            "UPDATE job SET route = 'x' WHERE id = 2", 2,
            "INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id)",
            "SELECT delivery = 2 FROM replay"
        ),
        (
            "UPDATE job SET run_at = -1 WHERE id = 5", 5,
            "SELECT strftime('%s', 'now') * 1000000",
            "SELECT strftime('%s', 'now') * 1000000 BETWEEN 0 AND 253402300799999999"
        ),
    ]

    @Test(arguments: advised)
    func `what a refusal advises works as it stands`(
        sql: String,
        job: Int,
        advice: String,
        check: String
    ) async throws {
        try await withEveryState { shell in
            try expectRefusal(of: sql, saying: advice, by: shell)
            try shell.run(advice.replacing("its id", with: "\(job)"))
            #expect(try shell.strings(check) == ["1"])
        }
    }

    @Test
    func `a body that is pruned leaves a dead job to be discarded`() async throws {
        try await withEveryState { shell in
            try shell.run(
                """
                UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1 WHERE seq = 1
                """
            )
            let advice = "INSERT INTO discard (job) VALUES (its id)"
            let requeue = "INSERT INTO requeue (job) VALUES (1)"
            try expectRefusal(of: requeue, saying: advice, by: shell)
            try shell.run(advice.replacing("its id", with: "1"))
            #expect(try shell.strings("SELECT count(*) FROM dead_letters") == ["0"])
        }
    }
}

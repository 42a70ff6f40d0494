"""Stores with many deliveries in them, filled by SQL while no program has them open."""
import sqlite3

COUNTER = """
    WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < :count)
"""
# Random ids, as Gitea's are: what comes later falls anywhere among them.
ID = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || hex(randomblob(6)))"
BODY = "CAST(printf('{\"n\":%55d}', n) AS BLOB)"  # 64 bytes

SAMOVAR = [
    f"""{COUNTER}
        INSERT INTO delivery (
            source, delivery_id, event, event_type, received_at, remote, content_type, headers,
            verified_by, body)
        SELECT 'default', {ID}, 'push', 'push', :now - (:count - n) * 1000, '127.0.0.1',
            'application/json', '{{}}', 'bench', {BODY}
        FROM counter""",
    """INSERT INTO routing (delivery, verdict, decision, decided_at)
        SELECT seq, 'routed', '{}', received_at + 500 FROM delivery""",
    """INSERT INTO job (
            delivery, route, handler, repo, run_at, state, attempt, created_at, finished_at)
        SELECT seq, 'bench', 'bench', 'bench/marks', received_at, 'done', 1, received_at,
            received_at + 2000
        FROM delivery""",
    """INSERT INTO attempt (job, number, worker, started_at, ended_at, outcome, exit_code)
        SELECT id, 1, 'w0benchmark', created_at + 1000, finished_at, 'done', 0 FROM job""",
]
GO = [
    f"""{COUNTER}
        INSERT INTO delivery (
            delivery_id, event, event_type, received_at, remote, content_type, headers, body)
        SELECT {ID}, 'push', 'push', :now - (:count - n) * 1000, '127.0.0.1', 'application/json',
            '{{}}', {BODY}
        FROM counter""",
    "INSERT INTO routing (delivery, verdict) SELECT seq, 'routed' FROM delivery",
]


def fill(receiver, statements, count, now_us):
    """Stores `count` handled deliveries with 64 byte bodies, and opens the receiver again.

    The triggers stand aside meanwhile: no statement may make a job that is done.
    """
    receiver.close()
    store = sqlite3.connect(receiver.store, isolation_level=None)
    try:
        store.execute("PRAGMA cache_size = -2000000")
        store.execute("PRAGMA journal_mode = DELETE")
        store.execute("PRAGMA journal_mode = OFF")
        store.execute("PRAGMA synchronous = OFF")
        store.execute("BEGIN")
        triggers = store.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid").fetchall()
        for name, _ in triggers:
            store.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            store.execute(statement, {"count": count, "now": now_us} if ":now" in statement else {})
        for _, sql in triggers:
            store.execute(sql)
        store.execute("COMMIT")
        store.execute("PRAGMA journal_mode = WAL")
    finally:
        store.close()
    receiver.open()

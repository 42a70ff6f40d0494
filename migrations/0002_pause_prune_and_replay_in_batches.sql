-- Pauses, pruning with a count of what went, replays in batches, and a claim whose cost follows
-- what it claims.

-- 1. The claim. A ready job that cannot be claimed for a while is parked: out of the claim's
-- index, so that nobody steps over it again and again. `parked` is a note the claim makes for
-- itself: run_at and `pause` decide, and a note that is out of date is put right by the next claim.

ALTER TABLE job ADD COLUMN parked TEXT
    CONSTRAINT parked_is_known CHECK (parked IN ('delayed', 'paused'));

DROP INDEX job_claimable;
-- Groups of (handler, repo) in turn: one seek finds the next group and its head.
CREATE INDEX job_claimable ON job (handler, repo, priority DESC, run_at, id)
    WHERE state = 'ready' AND blocked = 0 AND parked IS NULL;
CREATE INDEX job_delayed ON job (run_at, id) WHERE state = 'ready' AND parked = 'delayed';
-- What runs, by whom: one pass counts what every handler has leased. By worker first, because a
-- worker's row goes only when no job names it.
DROP INDEX job_leased;
CREATE INDEX job_leased ON job (worker, handler) WHERE worker IS NOT NULL;
CREATE INDEX job_paused ON job (route, id) WHERE state = 'ready' AND parked = 'paused';

CREATE TRIGGER job_is_parked_while_ready AFTER UPDATE OF state ON job
WHEN NEW.parked IS NOT NULL AND NEW.state <> 'ready'
BEGIN
    UPDATE job SET parked = NULL WHERE id = NEW.id;
END;

-- 2. Pauses: no job of these is claimed until the row is gone.

CREATE TABLE pause (
    kind TEXT NOT NULL CONSTRAINT pause_kind_is_known CHECK (
        kind IN ('everything', 'handler', 'route')),
    name TEXT NOT NULL DEFAULT '',
    reason TEXT,
    paused_at INTEGER NOT NULL DEFAULT (
        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    PRIMARY KEY (kind, name),
    CONSTRAINT all_but_everything_have_a_name CHECK ((kind = 'everything') = (name = ''))
) STRICT, WITHOUT ROWID;

-- 3. What was pruned is counted, so that nothing can disappear unseen:
-- the last seq given = rows there + pruned + skipped (a restore skips numbers).

ALTER TABLE store ADD COLUMN pruned_deliveries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN pruned_jobs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN skipped_deliveries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN skipped_jobs INTEGER NOT NULL DEFAULT 0;

UPDATE store
SET skipped_deliveries = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'delivery'), 0)
        - (SELECT count(*) FROM delivery),
    skipped_jobs = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0)
        - (SELECT count(*) FROM job);

CREATE TRIGGER delivery_that_goes_is_counted AFTER DELETE ON delivery
BEGIN
    UPDATE store SET pruned_deliveries = pruned_deliveries + 1;
END;

CREATE TRIGGER job_that_goes_is_counted AFTER DELETE ON job
BEGIN
    UPDATE store SET pruned_jobs = pruned_jobs + 1;
END;

DROP TRIGGER delivery_is_not_replaced;
CREATE TRIGGER delivery_is_not_replaced BEFORE INSERT ON delivery
WHEN EXISTS (SELECT 1 FROM delivery WHERE source = NEW.source AND delivery_id = NEW.delivery_id)
    OR NEW.seq > 0
BEGIN
    SELECT RAISE(ABORT, 'delivery exists, or has a seq of its own: deliveries are never replaced, and the store numbers them; to run one again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

DROP TRIGGER job_begins_ready;
CREATE TRIGGER job_begins_ready BEFORE INSERT ON job
WHEN NEW.state <> 'ready' OR NEW.attempt <> 0 OR NEW.blocked <> 0
    -- An id of one's own choice could step in front of a lane's running job.
    OR NEW.id > 0
    OR (NEW.replay_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.replay_of))
    OR (NEW.replay IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM replay_request WHERE id = NEW.replay AND delivery = NEW.delivery))
    OR NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery)
BEGIN
    SELECT RAISE(ABORT, 'a new job belongs to a delivery, begins as ready with attempt 0 and blocked 0, and gets its id from the store');
END;

-- Before the insert, a number that was not given reads -1; so what is less than 1 is seen after it.
CREATE TRIGGER delivery_is_numbered_from_1 AFTER INSERT ON delivery
WHEN NEW.seq < 1
BEGIN
    SELECT RAISE(ABORT, 'a delivery has a seq of its own: the store numbers them, from 1');
END;

CREATE TRIGGER job_is_numbered_from_1 AFTER INSERT ON job
WHEN NEW.id < 1
BEGIN
    SELECT RAISE(ABORT, 'a new job gets its id from the store, from 1');
END;

-- Which decided deliveries still have their body: the pruner's list, and nothing on it twice.
ALTER TABLE routing ADD COLUMN body_pruned INTEGER NOT NULL DEFAULT 0
    CONSTRAINT body_pruned_is_a_flag CHECK (body_pruned IN (0, 1));
UPDATE routing SET body_pruned = 1
WHERE EXISTS (
    SELECT 1 FROM delivery WHERE seq = routing.delivery AND body_pruned_at IS NOT NULL);
CREATE INDEX routing_with_body ON routing (decided_at, delivery)
    WHERE body_pruned = 0 AND decided_at IS NOT NULL;

CREATE TRIGGER routing_knows_its_body_is_pruned AFTER UPDATE OF body_pruned_at ON delivery
WHEN NEW.body_pruned_at IS NOT NULL
BEGIN
    UPDATE routing SET body_pruned = 1 WHERE delivery = NEW.seq;
END;

-- Pruning by age, and an operator's --since: deliveries come in the order of time, so a new one
-- goes to the end of this index.
CREATE INDEX delivery_by_time ON delivery (received_at);
CREATE INDEX delivery_without_body ON delivery (received_at, seq) WHERE body_pruned_at IS NOT NULL;

-- Repeats: the same bytes under another id. The latest job that they made of a route is one seek,
-- however often they came; only verified deliveries count, so only their jobs have it.
ALTER TABLE job ADD COLUMN payload_sha256 TEXT;
UPDATE job
SET payload_sha256 = (
    SELECT payload_sha256 FROM routing
    JOIN delivery ON delivery.seq = routing.delivery AND delivery.verified_by IS NOT NULL
    WHERE routing.delivery = job.delivery);
CREATE INDEX job_by_payload ON job (payload_sha256, route, id) WHERE payload_sha256 IS NOT NULL;
DROP INDEX routing_payload;

-- What a parent's deletion has to look up.
CREATE INDEX job_by_replay ON job (replay) WHERE replay IS NOT NULL;
CREATE INDEX job_by_replay_of ON job (replay_of) WHERE replay_of IS NOT NULL;

-- 4. Replays come in batches, spread over time when asked, and can be cancelled while they wait.
-- SQLite cannot change a CHECK: the table is made anew, its rows keep their ids.

DROP VIEW queue;
DROP VIEW waiting;
DROP VIEW replay;
DROP VIEW running;
DROP VIEW requeue;
-- A trigger that looks at the table cannot outlive it.
DROP TRIGGER delivery_with_rows_is_kept;
PRAGMA defer_foreign_keys = ON;  -- jobs name replays; their rows are back before the commit
CREATE TEMP TABLE replay_before AS SELECT * FROM replay_request;
DROP TABLE replay_request;

CREATE TABLE replay_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery INTEGER NOT NULL REFERENCES delivery (seq),
    batch INTEGER NOT NULL,  -- the id of its first request
    requested_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    verdict TEXT CONSTRAINT replay_verdict_is_known CHECK (
        verdict IN ('routed', 'ignored', 'malformed', 'mismatched', 'dead', 'cancelled')),
    reason TEXT,
    decision TEXT CONSTRAINT replay_decision_is_json CHECK (
        decision IS NULL OR json_valid(decision)),
    decided_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,  -- workers that died while routing it
    CONSTRAINT decided_replays_say_when CHECK ((verdict IS NULL) = (decided_at IS NULL)),
    CONSTRAINT other_replay_verdicts_say_why CHECK (
        verdict IS NULL OR verdict = 'routed' OR reason IS NOT NULL)
) STRICT;

INSERT INTO replay_request (
    id, delivery, batch, requested_at, not_before, verdict, reason, decision, decided_at)
SELECT id, delivery, id, requested_at, requested_at, verdict,
    -- 0001 let a person decide one without a reason.
    CASE WHEN verdict <> 'routed' THEN coalesce(reason, 'no reason was kept') ELSE reason END,
    decision, decided_at
FROM replay_before;
DROP TABLE replay_before;

CREATE INDEX replay_request_waiting ON replay_request (not_before, id) WHERE verdict IS NULL;
CREATE INDEX replay_request_by_delivery ON replay_request (delivery);
CREATE INDEX replay_request_by_batch ON replay_request (batch);

CREATE TRIGGER replay_request_has_a_body BEFORE INSERT ON replay_request
WHEN NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery AND body_pruned_at IS NULL)
    OR EXISTS (SELECT 1 FROM replay_request WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'no such delivery, or its body is pruned: see SELECT seq, delivery_id FROM deliveries');
END;

CREATE TRIGGER replay_request_comes_second BEFORE INSERT ON replay_request
WHEN EXISTS (SELECT 1 FROM routing WHERE delivery = NEW.delivery AND verdict IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'this delivery is not routed yet: it will be, so there is nothing to replay');
END;

CREATE TRIGGER replay_request_is_decided_once BEFORE UPDATE ON replay_request
WHEN OLD.verdict IS NOT NULL OR NEW.id <> OLD.id OR NEW.delivery <> OLD.delivery
    OR NEW.batch <> OLD.batch
BEGIN
    SELECT RAISE(ABORT, 'a replay is decided once, for its own delivery: INSERT INTO replay (delivery) again instead');
END;

CREATE TRIGGER replay_request_is_kept BEFORE DELETE ON replay_request
WHEN OLD.verdict IS NULL OR EXISTS (SELECT 1 FROM job WHERE replay = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'this replay waits to be routed, or has jobs: it is kept');
END;

CREATE TRIGGER delivery_with_rows_is_kept BEFORE DELETE ON delivery
WHEN EXISTS (SELECT 1 FROM routing WHERE delivery = OLD.seq)
    OR EXISTS (SELECT 1 FROM job WHERE delivery = OLD.seq)
    OR EXISTS (SELECT 1 FROM replay_request WHERE delivery = OLD.seq)
BEGIN
    SELECT RAISE(ABORT, 'delivery has routing, replays or jobs: it is kept while they exist');
END;

CREATE TRIGGER delivery_with_work_keeps_its_body BEFORE UPDATE OF body ON delivery
WHEN NEW.body IS NULL AND (
    EXISTS (SELECT 1 FROM routing WHERE delivery = NEW.seq AND verdict IS NULL)
    OR EXISTS (SELECT 1 FROM replay_request WHERE delivery = NEW.seq AND verdict IS NULL)
    OR EXISTS (SELECT 1 FROM job WHERE delivery = NEW.seq AND state IN ('ready', 'leased')))
BEGIN
    SELECT RAISE(ABORT, 'this delivery waits to be routed or has live jobs: its body is needed');
END;

-- What Samovar goes by is not a person's to change.

CREATE TRIGGER migration_is_kept BEFORE DELETE ON migration
BEGIN
    SELECT RAISE(ABORT, 'these rows say which schema this store has: they are kept');
END;

CREATE TRIGGER migration_never_changes BEFORE UPDATE ON migration
BEGIN
    SELECT RAISE(ABORT, 'these rows say which schema this store has: they never change');
END;

CREATE TRIGGER store_is_kept BEFORE DELETE ON store
BEGIN
    SELECT RAISE(ABORT, 'this row is the store''s identity: it is kept');
END;

CREATE TRIGGER store_keeps_its_uuid BEFORE UPDATE OF uuid ON store
WHEN NEW.uuid <> OLD.uuid
BEGIN
    SELECT RAISE(ABORT, 'handlers know their work by the store''s uuid: it never changes');
END;

CREATE TRIGGER routing_keeps_its_decision
BEFORE UPDATE OF reason, decision, payload_sha256, decided_at ON routing
WHEN OLD.verdict IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'this delivery is decided, and its decision is kept: to route it again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

-- 5. For people.

-- The sources there are, one seek for each: ids are unique only within a source.
CREATE VIEW sources AS
WITH RECURSIVE known (source) AS (
    SELECT min(source) FROM delivery
    UNION ALL
    SELECT (SELECT min(source) FROM delivery WHERE delivery.source > known.source)
    FROM known
    WHERE known.source IS NOT NULL
)
SELECT source FROM known WHERE source IS NOT NULL;

CREATE VIEW replay AS
SELECT
    id, delivery, batch, requested_at, not_before, verdict, reason, decision, decided_at
FROM replay_request;

CREATE TRIGGER replay_by_hand INSTEAD OF INSERT ON replay
BEGIN
    SELECT RAISE(ABORT, 'no delivery has this seq or id: see SELECT seq, delivery_id FROM deliveries')
    WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery)
        AND NOT EXISTS (
            SELECT 1 FROM sources
            JOIN delivery ON delivery.source = sources.source
                AND delivery.delivery_id = NEW.delivery);
    SELECT RAISE(ABORT, 'several sources have this delivery id: use the seq')
    WHERE typeof(NEW.delivery) = 'text'
        AND (SELECT count(*) FROM sources
            JOIN delivery ON delivery.source = sources.source
                AND delivery.delivery_id = NEW.delivery) > 1;
    INSERT INTO replay_request (delivery, batch, requested_at, not_before)
    SELECT found, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'replay_request'), 0) + 1,
        now, now
    FROM (
        SELECT
            coalesce(
                (SELECT seq FROM delivery
                    WHERE typeof(NEW.delivery) = 'integer' AND seq = NEW.delivery),
                (SELECT delivery.seq FROM sources
                    JOIN delivery ON delivery.source = sources.source
                        AND delivery.delivery_id = NEW.delivery),
                (SELECT seq FROM delivery WHERE seq = NEW.delivery)) AS found,
            CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) AS now);
END;

CREATE VIEW requeue AS SELECT id AS job FROM job WHERE state = 'dead';

CREATE TRIGGER requeue_by_hand INSTEAD OF INSERT ON requeue
BEGIN
    SELECT RAISE(ABORT, 'no such dead job: see SELECT job FROM dead_letters; a job that is done runs again by INSERT INTO replay (delivery)')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = 'dead');
    UPDATE job
    SET state = 'ready', failures = 0, losses = 0, snoozed_since = NULL, cancel_requested = 0,
        parked = NULL, reason = NULL, finished_at = NULL,
        run_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    WHERE id = NEW.job;
END;

CREATE TRIGGER job_with_a_body_is_requeued BEFORE UPDATE OF state ON job
WHEN OLD.state = 'dead' AND NEW.state = 'ready'
    AND NOT EXISTS (
        SELECT 1 FROM delivery WHERE seq = NEW.delivery AND body_pruned_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the body of this job''s delivery is pruned: there is nothing left to hand to its handler');
END;

CREATE VIEW running AS
SELECT
    job.id AS job,
    job.delivery,
    job.route,
    job.handler,
    job.repo,
    job.lane,
    job.attempt,
    job.id || '.' || job.attempt AS token,
    job.worker,
    strftime('%Y-%m-%d %H:%M:%S', attempt.started_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', attempt.started_at / 1000 % 1000) AS started,
    job.cancel_requested
FROM job
JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt
WHERE job.worker IS NOT NULL;

CREATE VIEW paused AS
SELECT
    kind,
    name,
    reason,
    strftime('%Y-%m-%d %H:%M:%S', paused_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', paused_at / 1000 % 1000) AS since,
    CASE kind
        WHEN 'everything' THEN (SELECT count(*) FROM job WHERE state = 'ready')
        WHEN 'handler' THEN
            (SELECT count(*) FROM job WHERE state = 'ready' AND job.handler = pause.name)
        ELSE (SELECT count(*) FROM job WHERE state = 'ready' AND job.route = pause.name)
    END AS jobs
FROM pause;

CREATE VIEW waiting AS
SELECT
    'delivery' AS kind,
    routing.delivery AS delivery,
    NULL AS job,
    NULL AS handler,
    NULL AS lane,
    'to be routed' AS waits_for,
    strftime('%Y-%m-%d %H:%M:%S', delivery.received_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', delivery.received_at / 1000 % 1000) AS since
FROM routing
JOIN delivery ON delivery.seq = routing.delivery
WHERE routing.verdict IS NULL
UNION ALL
SELECT
    'replay',
    replay_request.delivery,
    NULL,
    NULL,
    NULL,
    'to be routed again'
        || CASE
            WHEN not_before > CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
                THEN ' at ' || strftime(
                    '%Y-%m-%d %H:%M:%S', not_before / 1000000, 'unixepoch', 'localtime')
            ELSE ''
        END,
    strftime('%Y-%m-%d %H:%M:%S', requested_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', requested_at / 1000 % 1000)
FROM replay_request
WHERE verdict IS NULL
UNION ALL
SELECT
    'job',
    job.delivery,
    job.id,
    job.handler,
    job.lane,
    CASE
        WHEN job.blocked THEN 'its lane, held by job ' || coalesce(
            (SELECT id FROM job AS held WHERE held.lane = job.lane AND held.state = 'leased'),
            (SELECT id FROM job AS live
                WHERE live.lane = job.lane AND live.state IN ('ready', 'leased')
                ORDER BY live.id LIMIT 1))
        WHEN EXISTS (SELECT 1 FROM pause WHERE kind = 'everything')
            THEN 'everything is paused'
        WHEN EXISTS (SELECT 1 FROM pause WHERE kind = 'handler' AND name = job.handler)
            THEN 'handler ' || job.handler || ' is paused'
        WHEN EXISTS (SELECT 1 FROM pause WHERE kind = 'route' AND name = job.route)
            THEN 'route ' || job.route || ' is paused'
        WHEN job.run_at > CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
            THEN strftime('%Y-%m-%d %H:%M:%S', job.run_at / 1000000, 'unixepoch', 'localtime')
        ELSE 'a worker with a free slot for handler ' || job.handler
    END,
    strftime('%Y-%m-%d %H:%M:%S', job.created_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.created_at / 1000 % 1000)
FROM job
WHERE job.state = 'ready';

-- All that is live, and the last hundred deliveries whatever became of them.
CREATE VIEW queue AS
WITH shown (seq) AS (
    SELECT seq FROM delivery WHERE seq > coalesce((SELECT max(seq) FROM delivery), 0) - 100
    UNION
    SELECT delivery FROM routing WHERE verdict IS NULL
    UNION
    SELECT delivery FROM replay_request WHERE verdict IS NULL
    UNION
    SELECT delivery FROM job WHERE state IN ('ready', 'leased')
)
SELECT
    delivery.seq AS delivery,
    strftime('%Y-%m-%d %H:%M:%S', delivery.received_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', delivery.received_at / 1000 % 1000) AS received,
    delivery.event_type,
    job.repo,
    coalesce(routing.verdict, 'waiting') AS verdict,
    job.id AS job,
    job.route,
    job.handler,
    job.state,
    job.attempt,
    coalesce(job.reason, routing.reason) AS reason
FROM shown
JOIN delivery ON delivery.seq = shown.seq
LEFT JOIN routing ON routing.delivery = delivery.seq
LEFT JOIN job ON job.delivery = delivery.seq
ORDER BY delivery.seq, job.id;

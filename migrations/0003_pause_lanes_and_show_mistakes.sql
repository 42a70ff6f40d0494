-- Lanes can be paused, and the loop breaker does so; workers show mistakes in their configuration.

-- 1. The issue, as a lane's key, of each delivery that a bot caused and that made jobs.

ALTER TABLE routing ADD COLUMN bot_issue TEXT;
-- The newest of one issue, of which the breaker looks at a few.
CREATE INDEX routing_by_bot_issue ON routing (bot_issue, delivery) WHERE bot_issue IS NOT NULL;

-- 2. SQLite cannot change a CHECK: the table is made anew.

DROP VIEW paused;
DROP VIEW waiting;
CREATE TEMP TABLE pause_before AS SELECT * FROM pause;
DROP TABLE pause;

CREATE TABLE pause (
    kind TEXT NOT NULL CONSTRAINT pause_kind_is_known CHECK (
        kind IN ('everything', 'handler', 'route', 'lane')),
    name TEXT NOT NULL DEFAULT '',
    reason TEXT,
    paused_at INTEGER NOT NULL DEFAULT (
        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    -- The issues, as lanes' keys, for which the loop breaker made it; NULL: people did.
    loops TEXT CONSTRAINT loops_are_a_list CHECK (json_type(loops) = 'array'),
    PRIMARY KEY (kind, name),
    CONSTRAINT all_but_everything_have_a_name CHECK ((kind = 'everything') = (name = ''))
) STRICT, WITHOUT ROWID;

INSERT INTO pause (kind, name, reason, paused_at)
SELECT kind, name, reason, paused_at FROM pause_before;
DROP TABLE pause_before;

-- Who resumes an issue has looked at it: the breaker counts from nothing again, and wider lanes that
-- were paused for this issue alone go on.
CREATE TRIGGER resumed_issue_is_counted_anew AFTER DELETE ON pause
WHEN OLD.kind = 'lane'
BEGIN
    UPDATE routing SET bot_issue = NULL WHERE bot_issue = OLD.name;
    UPDATE pause SET loops = (
        SELECT json_group_array(value) FROM json_each(loops) WHERE value <> OLD.name)
    WHERE loops IS NOT NULL;
    DELETE FROM pause WHERE loops = '[]';
END;

-- 3. What keeps a worker from going by its configuration file as it is now: mistakes, one a line.

ALTER TABLE worker ADD COLUMN configuration_error TEXT;

-- 4. For people.

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
        WHEN 'lane' THEN
            (SELECT count(*) FROM job
                WHERE state IN ('ready', 'leased') AND job.lane = pause.name AND state = 'ready')
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
        WHEN EXISTS (SELECT 1 FROM pause WHERE kind = 'lane' AND name = job.lane)
            THEN 'its lane is paused'
        WHEN job.run_at > CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
            THEN strftime('%Y-%m-%d %H:%M:%S', job.run_at / 1000000, 'unixepoch', 'localtime')
        ELSE 'a worker with a free slot for handler ' || job.handler
    END,
    strftime('%Y-%m-%d %H:%M:%S', job.created_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.created_at / 1000 % 1000)
FROM job
WHERE job.state = 'ready';

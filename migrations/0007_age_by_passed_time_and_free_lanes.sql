-- A wall clock that goes ahead makes nothing old, and what is requeued for later holds no lane.

-- 1. When the wall clock was seen last; how far it is ahead of the machine's start is counted with
-- CLOCK_BOOTTIME from now on, so what is known of it begins anew.

ALTER TABLE store ADD COLUMN wall_seen INTEGER;

UPDATE store SET wall_lead = NULL, wall_boot = NULL, wall_seen = (
    SELECT max(at) FROM (
        SELECT store.created_at AS at
        UNION ALL SELECT max(heartbeat_at) FROM worker
        UNION ALL SELECT received_at FROM delivery
            WHERE seq = (SELECT max(seq) FROM delivery)));

-- Where it went ahead of the time that passed: pruning, repeats and the 7 days of a snooze do not
-- count that. The store's own notes.
CREATE TABLE clock_step (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,  -- what the clock said right after it
    ahead INTEGER NOT NULL CONSTRAINT clock_steps_go_ahead CHECK (ahead > 0),
    kind TEXT NOT NULL CONSTRAINT clock_step_kind_is_known CHECK (kind IN ('set', 'away'))
) STRICT;

-- 2. A dead job that is requeued for later (`dead requeue --rate`) is outside of its lane until it is
-- due: what failed once does not hold up what works. A retry and a snooze do hold it.

ALTER TABLE job ADD COLUMN off_lane INTEGER NOT NULL DEFAULT 0
    CONSTRAINT off_lane_is_a_flag CHECK (off_lane IN (0, 1));

DROP INDEX job_lane_live;
CREATE INDEX job_lane_live ON job (lane, off_lane, id)
    WHERE state IN ('ready', 'leased') AND lane IS NOT NULL;

CREATE TRIGGER job_leaves_its_lane_when_requeued BEFORE UPDATE OF off_lane ON job
WHEN NEW.off_lane = 1
    AND NOT (OLD.state = 'dead' AND NEW.state = 'ready' AND NEW.parked IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'off_lane follows from a requeue for later: it is set by itself');
END;

-- Whatever brings it back into the claim's sight brings it back into its lane.
CREATE TRIGGER job_comes_back_to_its_lane AFTER UPDATE OF parked ON job
WHEN NEW.off_lane = 1 AND NEW.parked IS NULL
BEGIN
    UPDATE job SET off_lane = 0 WHERE id = NEW.id;
END;

DROP TRIGGER job_is_blocked_by_its_lane;
CREATE TRIGGER job_is_blocked_by_its_lane AFTER INSERT ON job
WHEN NEW.lane IS NOT NULL
BEGIN
    UPDATE job
    SET blocked = EXISTS (
            SELECT 1 FROM job AS earlier
            WHERE earlier.lane = NEW.lane AND earlier.state IN ('ready', 'leased')
                AND earlier.off_lane = 0 AND earlier.id < NEW.id)
        OR EXISTS (
            SELECT 1 FROM job AS held
            WHERE held.lane = NEW.lane AND held.state = 'leased' AND held.id <> NEW.id)
    WHERE id = NEW.id;
END;

DROP TRIGGER job_blocked_tells_the_truth;
CREATE TRIGGER job_blocked_tells_the_truth BEFORE UPDATE OF blocked ON job
WHEN NEW.blocked <> (NEW.state = 'ready' AND NEW.lane IS NOT NULL AND NEW.off_lane = 0 AND (
    EXISTS (
        SELECT 1 FROM job AS earlier
        WHERE earlier.lane = NEW.lane AND earlier.state IN ('ready', 'leased')
            AND earlier.off_lane = 0 AND earlier.id < NEW.id)
    OR EXISTS (
        SELECT 1 FROM job AS held
        WHERE held.lane = NEW.lane AND held.state = 'leased' AND held.id <> NEW.id)))
BEGIN
    SELECT RAISE(ABORT, 'blocked follows from the lane: it is set by itself');
END;

DROP TRIGGER job_passes_its_lane_on;
CREATE TRIGGER job_passes_its_lane_on AFTER UPDATE OF state, off_lane ON job
WHEN NEW.lane IS NOT NULL
    AND ((NEW.state <> OLD.state AND NEW.state <> 'leased') OR NEW.off_lane < OLD.off_lane)
BEGIN
    UPDATE job SET blocked = 0 WHERE id = NEW.id AND blocked = 1 AND NEW.state <> 'ready';
    UPDATE job SET blocked = 1
    WHERE lane = NEW.lane
        AND state = 'ready'
        AND blocked = 0
        AND off_lane = 0
        AND id <> coalesce(
            (SELECT id FROM job AS held WHERE held.lane = NEW.lane AND held.state = 'leased'),
            (SELECT id FROM job AS live
                WHERE live.lane = NEW.lane AND live.state IN ('ready', 'leased')
                    AND live.off_lane = 0
                ORDER BY live.id LIMIT 1));
    UPDATE job SET blocked = 0
    WHERE state = 'ready'
        AND blocked = 1
        AND id = (
            SELECT id FROM job AS live
            WHERE live.lane = NEW.lane AND live.state IN ('ready', 'leased')
                AND live.off_lane = 0
            ORDER BY live.id LIMIT 1)
        AND NOT EXISTS (
            SELECT 1 FROM job AS held WHERE held.lane = NEW.lane AND held.state = 'leased');
END;

-- For people: who holds a lane.

DROP VIEW waiting;
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
                    AND live.off_lane = 0
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

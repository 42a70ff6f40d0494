-- Dead jobs can be discarded, and taken back; what triggers tell people to do works.

-- 1. A discarded job is `cancelled`, and has a died_at. A state of its own would be one more value in a
-- CHECK, which SQLite changes only by writing the whole table anew, and with it every attempt's
-- parent. Its reason begins with 'discarded: ', finished_at says when it was discarded (its retention
-- counts from there), died_at when it had died (it goes back to that).

ALTER TABLE job ADD COLUMN died_at INTEGER
    CONSTRAINT discarded_jobs_are_cancelled CHECK (died_at IS NULL OR state = 'cancelled');

CREATE TRIGGER job_died_at_follows_its_discard BEFORE UPDATE OF died_at ON job
WHEN NEW.died_at IS NOT OLD.died_at
    AND NOT (OLD.state = 'dead' AND NEW.state = 'cancelled')
    AND NOT (OLD.state = 'cancelled' AND NEW.state = 'dead')
BEGIN
    SELECT RAISE(ABORT, 'died_at is set by itself: INSERT INTO discard (job) VALUES (its id) discards a dead job, INSERT INTO undiscard (job) VALUES (its id) takes it back');
END;

DROP TRIGGER job_transition_is_allowed;
CREATE TRIGGER job_transition_is_allowed BEFORE UPDATE OF state ON job
WHEN NEW.state <> OLD.state AND NOT (
    (OLD.state = 'ready' AND NEW.state IN ('leased', 'cancelled'))
    OR (OLD.state = 'leased' AND NEW.state IN ('ready', 'done', 'dead', 'cancelled'))
    OR (OLD.state = 'dead' AND NEW.state = 'ready')
    -- Discarded, and taken back as it was.
    OR (OLD.state = 'dead' AND NEW.state = 'cancelled' AND NEW.died_at IS OLD.finished_at)
    OR (OLD.state = 'cancelled' AND NEW.state = 'dead'
        AND OLD.died_at IS NOT NULL AND NEW.finished_at IS OLD.died_at AND NEW.died_at IS NULL))
BEGIN
    SELECT RAISE(ABORT, 'a job goes ready > leased > done, dead, cancelled or ready. UPDATE job SET cancel_requested = 1 WHERE id = (its id) cancels a live one; INSERT INTO requeue (job) VALUES (its id) gives a dead one a new budget, INSERT INTO discard (job) VALUES (its id) discards it, INSERT INTO undiscard (job) VALUES (its id) takes it back; INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id) makes new jobs of its delivery');
END;

CREATE VIEW discard AS SELECT id AS job FROM job WHERE state = 'dead';

CREATE TRIGGER discard_by_hand INSTEAD OF INSERT ON discard
BEGIN
    SELECT RAISE(ABORT, 'no such dead job: see SELECT job FROM dead_letters; UPDATE job SET cancel_requested = 1 WHERE id = (its id) cancels a live one')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = 'dead');
    UPDATE job
    SET state = 'cancelled', reason = 'discarded: ' || reason, died_at = finished_at,
        finished_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    WHERE id = NEW.job;
END;

CREATE VIEW undiscard AS SELECT id AS job FROM job WHERE died_at IS NOT NULL;

CREATE TRIGGER undiscard_by_hand INSTEAD OF INSERT ON undiscard
BEGIN
    SELECT RAISE(ABORT, 'no such discarded job: see SELECT job FROM undiscard')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND died_at IS NOT NULL);
    UPDATE job
    SET state = 'dead', finished_at = died_at, died_at = NULL,
        reason = iif(substr(reason, 1, 11) = 'discarded: ', substr(reason, 12), reason)
    WHERE id = NEW.job;
END;

-- 2. Who asks which dead jobs to requeue is offered none that a later job of the same route and
-- delivery has replaced: it would run twice. Any of them can be named.

DROP VIEW requeue;
CREATE VIEW requeue AS
SELECT id AS job FROM job
WHERE state = 'dead'
    AND NOT EXISTS (
        SELECT 1 FROM job AS later
        WHERE later.delivery = job.delivery AND later.route = job.route AND later.id > job.id
            AND later.state <> 'cancelled');

CREATE TRIGGER requeue_by_hand INSTEAD OF INSERT ON requeue
BEGIN
    SELECT RAISE(ABORT, 'no such dead job: see SELECT job FROM dead_letters; INSERT INTO undiscard (job) VALUES (its id) takes back a discarded one; INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id) makes new jobs of the delivery of one that is done or cancelled')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = 'dead');
    UPDATE job
    SET state = 'ready', failures = 0, losses = 0, snoozed_since = NULL, cancel_requested = 0,
        parked = NULL, reason = NULL, finished_at = NULL,
        run_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    WHERE id = NEW.job;
END;

-- 3. What a trigger tells a person to do works as it stands: for the state that the row is in, for one
-- row and not for all of them, and in SQLite 3.37, the first with STRICT tables (unixepoch() came later).

DROP TRIGGER job_with_a_body_is_requeued;
CREATE TRIGGER job_with_a_body_is_requeued BEFORE UPDATE OF state ON job
WHEN OLD.state = 'dead' AND NEW.state = 'ready'
    AND NOT EXISTS (
        SELECT 1 FROM delivery WHERE seq = NEW.delivery AND body_pruned_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the body of this job''s delivery is pruned: there is nothing left to hand to its handler; INSERT INTO discard (job) VALUES (its id) takes it off the list');
END;

DROP TRIGGER job_leaves_its_lease_with_its_attempt;
CREATE TRIGGER job_leaves_its_lease_with_its_attempt BEFORE UPDATE OF state ON job
WHEN OLD.state = 'leased' AND NEW.state <> 'leased'
    AND EXISTS (
        SELECT 1 FROM attempt
        WHERE job = OLD.id AND number = OLD.attempt AND outcome IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'this job runs: UPDATE job SET cancel_requested = 1 WHERE id = (its id) stops its handler, then cancels it');
END;

DROP TRIGGER job_with_history_is_kept;
CREATE TRIGGER job_with_history_is_kept BEFORE DELETE ON job
WHEN OLD.state IN ('ready', 'leased') OR EXISTS (SELECT 1 FROM attempt WHERE job = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'this job is live or has attempts: it is kept until it is pruned. UPDATE job SET cancel_requested = 1 WHERE id = (its id) cancels a live one, INSERT INTO discard (job) VALUES (its id) takes a dead one off the list');
END;

DROP TRIGGER replay_request_is_decided_once;
CREATE TRIGGER replay_request_is_decided_once BEFORE UPDATE ON replay_request
WHEN OLD.verdict IS NOT NULL OR NEW.id <> OLD.id OR NEW.delivery <> OLD.delivery
    OR NEW.batch <> OLD.batch
BEGIN
    SELECT RAISE(ABORT, 'a replay is decided once, for its own delivery: INSERT INTO replay (delivery) VALUES (its seq) asks for another');
END;

DROP TRIGGER job_keeps_its_origin;
CREATE TRIGGER job_keeps_its_origin BEFORE UPDATE OF id, delivery, route, lane ON job
WHEN NEW.id <> OLD.id OR NEW.delivery <> OLD.delivery OR NEW.route <> OLD.route
    OR NEW.lane IS NOT OLD.lane
BEGIN
    SELECT RAISE(ABORT, 'id, delivery, route and lane of a job never change: INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id) makes new jobs by today''s routes');
END;

DROP TRIGGER job_is_made_in_range;
CREATE TRIGGER job_is_made_in_range BEFORE INSERT ON job
WHEN NEW.run_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.created_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.finished_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.snoozed_since NOT BETWEEN 0 AND 253402300799999999
    OR NEW.lease_until NOT BETWEEN 0 AND 253402300799999999
    OR NEW.failures > 1000000 OR NEW.losses > 1000000 OR NEW.attempt > 1000000
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999; counts go up to a million');
END;

DROP TRIGGER job_stays_in_range;
CREATE TRIGGER job_stays_in_range
BEFORE UPDATE OF run_at, created_at, finished_at, snoozed_since, lease_until, failures, losses, attempt
ON job
WHEN NEW.run_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.created_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.finished_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.snoozed_since NOT BETWEEN 0 AND 253402300799999999
    OR NEW.lease_until NOT BETWEEN 0 AND 253402300799999999
    OR NEW.failures > 1000000 OR NEW.losses > 1000000 OR NEW.attempt > 1000000
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999; counts go up to a million');
END;

DROP TRIGGER delivery_is_received_in_range;
CREATE TRIGGER delivery_is_received_in_range BEFORE INSERT ON delivery
WHEN NEW.received_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'received_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

DROP TRIGGER replay_request_is_made_in_range;
CREATE TRIGGER replay_request_is_made_in_range BEFORE INSERT ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

DROP TRIGGER replay_request_stays_in_range;
CREATE TRIGGER replay_request_stays_in_range BEFORE UPDATE OF requested_at, not_before ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

DROP TRIGGER pause_is_made_in_range;
CREATE TRIGGER pause_is_made_in_range BEFORE INSERT ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

DROP TRIGGER pause_stays_in_range;
CREATE TRIGGER pause_stays_in_range BEFORE UPDATE OF paused_at ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

-- The schema of a fresh store, as SQLite keeps it. A change of it belongs to a new file in
-- migrations/; then renew this one: RENEW_SNAPSHOTS=1 swift test --filter SchemaTests

CREATE INDEX delivery_by_time ON delivery (received_at);

CREATE INDEX delivery_without_body ON delivery (received_at, seq) WHERE body_pruned_at IS NOT NULL;

CREATE INDEX job_by_delivery ON job (delivery);

CREATE INDEX job_by_payload ON job (payload_sha256, route, id) WHERE payload_sha256 IS NOT NULL;

CREATE INDEX job_by_replay ON job (replay) WHERE replay IS NOT NULL;

CREATE INDEX job_by_replay_of ON job (replay_of) WHERE replay_of IS NOT NULL;

CREATE INDEX job_claimable ON job (handler, repo, priority DESC, run_at, id)
    WHERE state = 'ready' AND blocked = 0 AND parked IS NULL;

CREATE INDEX job_dead ON job (finished_at, id) WHERE state = 'dead';

CREATE INDEX job_delayed ON job (run_at, id) WHERE state = 'ready' AND parked = 'delayed';

CREATE INDEX job_ended ON job (finished_at, id) WHERE finished_at IS NOT NULL;

CREATE INDEX job_lane_live ON job (lane, off_lane, id)
    WHERE state IN ('ready', 'leased') AND lane IS NOT NULL;

CREATE UNIQUE INDEX job_lane_runs_one_at_a_time ON job (lane)
    WHERE state = 'leased' AND lane IS NOT NULL;

CREATE INDEX job_lane_unblocked ON job (lane)
    WHERE state = 'ready' AND blocked = 0 AND lane IS NOT NULL;

CREATE INDEX job_leased ON job (worker, handler) WHERE worker IS NOT NULL;

CREATE INDEX job_live ON job (id) WHERE state IN ('ready', 'leased');

CREATE INDEX job_paused ON job (route, id) WHERE state = 'ready' AND parked = 'paused';

CREATE INDEX job_suspect ON job (state, run_at, id)
    WHERE losses > 0 AND state IN ('ready', 'leased');

CREATE INDEX replay_request_by_batch ON replay_request (batch);

CREATE INDEX replay_request_by_delivery ON replay_request (delivery);

CREATE INDEX replay_request_waiting ON replay_request (not_before, id) WHERE verdict IS NULL;

CREATE INDEX routing_by_bot_issue ON routing (bot_issue, delivery) WHERE bot_issue IS NOT NULL;

CREATE INDEX routing_waiting ON routing (delivery) WHERE verdict IS NULL;

CREATE INDEX routing_with_body ON routing (decided_at, delivery)
    WHERE body_pruned = 0 AND decided_at IS NOT NULL;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job (id),
    number INTEGER NOT NULL CONSTRAINT attempts_are_numbered_from_1 CHECK (number >= 1),
    worker TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT CONSTRAINT outcome_is_known CHECK (
        outcome IN ('done', 'retry', 'snooze', 'dead', 'released', 'lost', 'cancelled')),
    exit_code INTEGER,
    signal INTEGER,
    http_status INTEGER,
    error TEXT,
    CONSTRAINT attempt_numbers_are_unique UNIQUE (job, number),
    CONSTRAINT ended_attempts_have_an_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE TABLE attempt_output (
    attempt INTEGER PRIMARY KEY REFERENCES attempt (id),
    bytes INTEGER NOT NULL,  -- printed in all; output keeps the first 16 KiB and the last 48 KiB
    output BLOB NOT NULL
) STRICT;

CREATE TABLE clock_step (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,  -- what the clock said right after it
    ahead INTEGER NOT NULL CONSTRAINT clock_steps_go_ahead CHECK (ahead > 0),
    kind TEXT NOT NULL CONSTRAINT clock_step_kind_is_known CHECK (kind IN ('set', 'away'))
) STRICT;

CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    delivery_id TEXT NOT NULL CONSTRAINT delivery_id_is_not_empty CHECK (delivery_id <> ''),
    event TEXT NOT NULL,
    event_type TEXT NOT NULL,
    target_type TEXT,
    received_at INTEGER NOT NULL,
    remote TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers TEXT,
    verified_by TEXT,
    body_pruned_at INTEGER,
    body BLOB,
    CONSTRAINT delivery_is_stored_once UNIQUE (source, delivery_id),
    CONSTRAINT body_is_there_until_pruned CHECK ((body IS NULL) = (body_pruned_at IS NOT NULL))
) STRICT;

CREATE TABLE delivery_repeat (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (seq),
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE incident (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, resolved_at INTEGER,
    CONSTRAINT incident_is_counted_once UNIQUE (kind, source, subject)
) STRICT;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery INTEGER NOT NULL REFERENCES delivery (seq),
    route TEXT NOT NULL,
    handler TEXT NOT NULL,
    "with" TEXT NOT NULL DEFAULT '{}' CONSTRAINT with_is_json CHECK (json_valid("with")),
    trust_needed TEXT,
    repo TEXT NOT NULL DEFAULT '',  -- owner/name as in the payload; '' when it names none
    lane TEXT,
    blocked INTEGER NOT NULL DEFAULT 0 CONSTRAINT blocked_is_a_flag CHECK (blocked IN (0, 1)),
    priority INTEGER NOT NULL DEFAULT 0,
    run_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready' CONSTRAINT state_is_known CHECK (
        state IN ('ready', 'leased', 'done', 'dead', 'cancelled')),
    attempt INTEGER NOT NULL DEFAULT 0 CONSTRAINT attempts_count_up CHECK (attempt >= 0),
    failures INTEGER NOT NULL DEFAULT 0 CONSTRAINT failures_count_up CHECK (failures >= 0),
    losses INTEGER NOT NULL DEFAULT 0 CONSTRAINT losses_count_up CHECK (losses >= 0),
    snoozed_since INTEGER,
    worker TEXT REFERENCES worker (id),
    lease_until INTEGER,
    lease_boot TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CONSTRAINT cancel_requested_is_a_flag CHECK (
        cancel_requested IN (0, 1)),
    replay INTEGER REFERENCES replay_request (id),
    replay_of INTEGER REFERENCES job (id),
    reason TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER, parked TEXT
    CONSTRAINT parked_is_known CHECK (parked IN ('delayed', 'paused')), payload_sha256 TEXT, off_lane INTEGER NOT NULL DEFAULT 0
    CONSTRAINT off_lane_is_a_flag CHECK (off_lane IN (0, 1)), died_at INTEGER
    CONSTRAINT discarded_jobs_are_cancelled CHECK (died_at IS NULL OR state = 'cancelled'),
    CONSTRAINT leased_jobs_have_a_lease CHECK (
        (state = 'leased') = (worker IS NOT NULL)
        AND (state = 'leased') = (lease_until IS NOT NULL)
        AND (state = 'leased') = (lease_boot IS NOT NULL)),
    CONSTRAINT ended_jobs_say_when CHECK (
        (state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT buried_jobs_say_why CHECK (
        state NOT IN ('dead', 'cancelled') OR reason IS NOT NULL),
    CONSTRAINT leased_jobs_have_an_attempt CHECK (state <> 'leased' OR attempt >= 1)
) STRICT;

CREATE TABLE migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

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
    tries INTEGER NOT NULL DEFAULT 0, only_route TEXT,  -- workers that died while routing it
    CONSTRAINT decided_replays_say_when CHECK ((verdict IS NULL) = (decided_at IS NULL)),
    CONSTRAINT other_replay_verdicts_say_why CHECK (
        verdict IS NULL OR verdict = 'routed' OR reason IS NOT NULL)
) STRICT;

CREATE TABLE routing (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (seq),
    verdict TEXT CONSTRAINT verdict_is_known CHECK (
        verdict IN ('routed', 'ignored', 'malformed', 'mismatched', 'repeat', 'dead')),
    reason TEXT,
    decision TEXT CONSTRAINT decision_is_json CHECK (decision IS NULL OR json_valid(decision)),
    payload_sha256 TEXT,
    decided_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0, body_pruned INTEGER NOT NULL DEFAULT 0
    CONSTRAINT body_pruned_is_a_flag CHECK (body_pruned IN (0, 1)), bot_issue TEXT,  -- decodings begun with care after a worker died while routing
    CONSTRAINT decided_rows_say_when CHECK ((verdict IS NULL) = (decided_at IS NULL)),
    CONSTRAINT other_verdicts_say_why CHECK (
        verdict IS NULL OR verdict = 'routed' OR reason IS NOT NULL)
) STRICT;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE store (
    id INTEGER PRIMARY KEY CONSTRAINT store_is_one_row CHECK (id = 1),
    uuid TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    probed_at INTEGER,  -- when a readiness check last wrote to the store
    wall_lead INTEGER,  -- wall time minus CLOCK_MONOTONIC within wall_boot, to notice clock steps
    wall_boot TEXT
, pruned_deliveries INTEGER NOT NULL DEFAULT 0, pruned_jobs INTEGER NOT NULL DEFAULT 0, skipped_deliveries INTEGER NOT NULL DEFAULT 0, skipped_jobs INTEGER NOT NULL DEFAULT 0, ended_pauses INTEGER NOT NULL DEFAULT 0, wall_seen INTEGER) STRICT;

CREATE TABLE worker (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,  -- for people: in another container it means another process
    version TEXT NOT NULL,
    boot TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    stopped_at INTEGER,
    breakers TEXT NOT NULL DEFAULT '{}' CONSTRAINT breakers_are_json CHECK (json_valid(breakers))
, configuration_error TEXT) STRICT;

CREATE TRIGGER attempt_ends_once BEFORE UPDATE ON attempt
WHEN OLD.outcome IS NOT NULL OR NEW.id <> OLD.id OR NEW.job <> OLD.job OR NEW.number <> OLD.number
BEGIN
    SELECT RAISE(ABORT, 'an attempt stays with its job and ends once: its outcome never changes');
END;

CREATE TRIGGER attempt_has_a_job BEFORE INSERT ON attempt
WHEN NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job)
    OR EXISTS (SELECT 1 FROM attempt WHERE job = NEW.job AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM attempt WHERE id = NEW.id)
    OR NOT EXISTS (
        SELECT 1 FROM job WHERE id = NEW.job AND state = 'leased' AND attempt = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'an attempt belongs to a job that is leased, has the job''s number, and replaces none');
END;

CREATE TRIGGER attempt_is_kept_with_its_job BEFORE DELETE ON attempt
WHEN EXISTS (SELECT 1 FROM job WHERE id = OLD.job AND state IN ('ready', 'leased'))
BEGIN
    SELECT RAISE(ABORT, 'attempts of a live job are kept');
END;

CREATE TRIGGER attempt_output_has_an_attempt BEFORE INSERT ON attempt_output
WHEN NOT EXISTS (SELECT 1 FROM attempt WHERE id = NEW.attempt)
    OR EXISTS (SELECT 1 FROM attempt_output WHERE attempt = NEW.attempt)
BEGIN
    SELECT RAISE(ABORT, 'output belongs to an attempt and is written once');
END;

CREATE TRIGGER delivery_is_not_replaced BEFORE INSERT ON delivery
WHEN EXISTS (SELECT 1 FROM delivery WHERE source = NEW.source AND delivery_id = NEW.delivery_id)
    OR NEW.seq > 0
BEGIN
    SELECT RAISE(ABORT, 'delivery exists, or has a seq of its own: deliveries are never replaced, and the store numbers them; to run one again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

CREATE TRIGGER delivery_is_numbered_from_1 AFTER INSERT ON delivery
WHEN NEW.seq < 1
BEGIN
    SELECT RAISE(ABORT, 'a delivery has a seq of its own: the store numbers them, from 1');
END;

CREATE TRIGGER delivery_is_received_in_range BEFORE INSERT ON delivery
WHEN NEW.received_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'received_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

CREATE TRIGGER delivery_never_changes BEFORE UPDATE ON delivery
WHEN NOT (NEW.body IS NULL AND NEW.headers IS NULL AND NEW.body_pruned_at IS NOT NULL
    AND OLD.body_pruned_at IS NULL
    AND NEW.seq = OLD.seq AND NEW.source = OLD.source AND NEW.delivery_id = OLD.delivery_id
    AND NEW.event = OLD.event AND NEW.event_type = OLD.event_type
    AND NEW.target_type IS OLD.target_type AND NEW.received_at = OLD.received_at
    AND NEW.remote = OLD.remote AND NEW.content_type = OLD.content_type
    AND NEW.verified_by IS OLD.verified_by)
BEGIN
    SELECT RAISE(ABORT, 'deliveries never change: only pruning may remove body and headers, setting body_pruned_at');
END;

CREATE TRIGGER delivery_repeat_has_a_delivery BEFORE INSERT ON delivery_repeat
WHEN NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery)
BEGIN
    SELECT RAISE(ABORT, 'a repeat belongs to a delivery');
END;

CREATE TRIGGER delivery_that_goes_is_counted AFTER DELETE ON delivery
BEGIN
    UPDATE store SET pruned_deliveries = pruned_deliveries + 1;
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

CREATE TRIGGER discard_by_hand INSTEAD OF INSERT ON discard
BEGIN
    SELECT RAISE(ABORT, 'no such dead job: see SELECT job FROM dead_letters; UPDATE job SET cancel_requested = 1 WHERE id = (its id) cancels a live one')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = 'dead');
    UPDATE job
    SET state = 'cancelled', reason = 'discarded: ' || reason, died_at = finished_at,
        finished_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    WHERE id = NEW.job;
END;

CREATE TRIGGER job_attempt_only_grows BEFORE UPDATE OF attempt ON job
WHEN NEW.attempt < OLD.attempt
    OR (NEW.attempt > OLD.attempt AND NOT (OLD.state = 'ready' AND NEW.state = 'leased'))
    OR NEW.attempt > OLD.attempt + 1
BEGIN
    SELECT RAISE(ABORT, 'attempt fences stale workers: it grows by one when a job is claimed, and never otherwise');
END;

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

CREATE TRIGGER job_comes_back_to_its_lane AFTER UPDATE OF parked ON job
WHEN NEW.off_lane = 1 AND NEW.parked IS NULL
BEGIN
    UPDATE job SET off_lane = 0 WHERE id = NEW.id;
END;

CREATE TRIGGER job_died_at_follows_its_discard BEFORE UPDATE OF died_at ON job
WHEN NEW.died_at IS NOT OLD.died_at
    AND NOT (OLD.state = 'dead' AND NEW.state = 'cancelled')
    AND NOT (OLD.state = 'cancelled' AND NEW.state = 'dead')
BEGIN
    SELECT RAISE(ABORT, 'died_at is set by itself: INSERT INTO discard (job) VALUES (its id) discards a dead job, INSERT INTO undiscard (job) VALUES (its id) takes it back');
END;

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

CREATE TRIGGER job_is_leased_to_a_worker BEFORE UPDATE OF worker ON job
WHEN NEW.worker IS NOT NULL AND NOT EXISTS (SELECT 1 FROM worker WHERE id = NEW.worker)
BEGIN
    SELECT RAISE(ABORT, 'no such worker: only workers claim jobs');
END;

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

CREATE TRIGGER job_is_numbered_from_1 AFTER INSERT ON job
WHEN NEW.id < 1
BEGIN
    SELECT RAISE(ABORT, 'a new job gets its id from the store, from 1');
END;

CREATE TRIGGER job_is_parked_while_ready AFTER UPDATE OF state ON job
WHEN NEW.parked IS NOT NULL AND NEW.state <> 'ready'
BEGIN
    UPDATE job SET parked = NULL WHERE id = NEW.id;
END;

CREATE TRIGGER job_keeps_its_origin BEFORE UPDATE OF id, delivery, route, lane ON job
WHEN NEW.id <> OLD.id OR NEW.delivery <> OLD.delivery OR NEW.route <> OLD.route
    OR NEW.lane IS NOT OLD.lane
BEGIN
    SELECT RAISE(ABORT, 'id, delivery, route and lane of a job never change: INSERT INTO replay (delivery) SELECT delivery FROM job WHERE id = (its id) makes new jobs by today''s routes');
END;

CREATE TRIGGER job_lease_counts_an_attempt BEFORE UPDATE OF state ON job
WHEN OLD.state = 'ready' AND NEW.state = 'leased' AND NEW.attempt <> OLD.attempt + 1
BEGIN
    SELECT RAISE(ABORT, 'a claim sets attempt = attempt + 1');
END;

CREATE TRIGGER job_leaves_its_lane_when_requeued BEFORE UPDATE OF off_lane ON job
WHEN NEW.off_lane = 1
    AND NOT (OLD.state = 'dead' AND NEW.state = 'ready' AND NEW.parked IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'off_lane follows from a requeue for later: it is set by itself');
END;

CREATE TRIGGER job_leaves_its_lease_with_its_attempt BEFORE UPDATE OF state ON job
WHEN OLD.state = 'leased' AND NEW.state <> 'leased'
    AND EXISTS (
        SELECT 1 FROM attempt
        WHERE job = OLD.id AND number = OLD.attempt AND outcome IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'this job runs: UPDATE job SET cancel_requested = 1 WHERE id = (its id) stops its handler, then cancels it');
END;

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

CREATE TRIGGER job_that_goes_is_counted AFTER DELETE ON job
BEGIN
    UPDATE store SET pruned_jobs = pruned_jobs + 1;
END;

CREATE TRIGGER job_that_waits_is_cancelled_at_once AFTER UPDATE OF cancel_requested ON job
WHEN NEW.state = 'ready' AND NEW.cancel_requested = 1
BEGIN
    UPDATE job
    SET state = 'cancelled', reason = 'cancelled by an operator',
        finished_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    WHERE id = NEW.id;
END;

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

CREATE TRIGGER job_waits_for_its_lane BEFORE UPDATE OF state ON job
WHEN NEW.state = 'leased' AND NEW.lane IS NOT NULL
    AND EXISTS (
        SELECT 1 FROM job AS held
        WHERE held.lane = NEW.lane AND held.state = 'leased' AND held.id <> NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'another job of this lane is leased: its jobs run one at a time');
END;

CREATE TRIGGER job_with_a_body_is_requeued BEFORE UPDATE OF state ON job
WHEN OLD.state = 'dead' AND NEW.state = 'ready'
    AND NOT EXISTS (
        SELECT 1 FROM delivery WHERE seq = NEW.delivery AND body_pruned_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the body of this job''s delivery is pruned: there is nothing left to hand to its handler; INSERT INTO discard (job) VALUES (its id) takes it off the list');
END;

CREATE TRIGGER job_with_history_is_kept BEFORE DELETE ON job
WHEN OLD.state IN ('ready', 'leased') OR EXISTS (SELECT 1 FROM attempt WHERE job = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'this job is live or has attempts: it is kept until it is pruned. UPDATE job SET cancel_requested = 1 WHERE id = (its id) cancels a live one, INSERT INTO discard (job) VALUES (its id) takes a dead one off the list');
END;

CREATE TRIGGER migration_is_kept BEFORE DELETE ON migration
BEGIN
    SELECT RAISE(ABORT, 'these rows say which schema this store has: they are kept');
END;

CREATE TRIGGER migration_never_changes BEFORE UPDATE ON migration
BEGIN
    SELECT RAISE(ABORT, 'these rows say which schema this store has: they never change');
END;

CREATE TRIGGER pause_is_made_in_range BEFORE INSERT ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

CREATE TRIGGER pause_stays_in_range BEFORE UPDATE OF paused_at ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

CREATE TRIGGER pause_that_changes_is_counted AFTER UPDATE OF kind, name ON pause
BEGIN
    UPDATE store SET ended_pauses = ended_pauses + 1;
END;

CREATE TRIGGER pause_that_ends_is_counted AFTER DELETE ON pause
BEGIN
    UPDATE store SET ended_pauses = ended_pauses + 1;
END;

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

CREATE TRIGGER replay_request_comes_second BEFORE INSERT ON replay_request
WHEN EXISTS (SELECT 1 FROM routing WHERE delivery = NEW.delivery AND verdict IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'this delivery is not routed yet: it will be, so there is nothing to replay');
END;

CREATE TRIGGER replay_request_has_a_body BEFORE INSERT ON replay_request
WHEN NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery AND body_pruned_at IS NULL)
    OR EXISTS (SELECT 1 FROM replay_request WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'no such delivery, or its body is pruned: see SELECT seq, delivery_id FROM deliveries');
END;

CREATE TRIGGER replay_request_is_decided_once BEFORE UPDATE ON replay_request
WHEN OLD.verdict IS NOT NULL OR NEW.id <> OLD.id OR NEW.delivery <> OLD.delivery
    OR NEW.batch <> OLD.batch
BEGIN
    SELECT RAISE(ABORT, 'a replay is decided once, for its own delivery: INSERT INTO replay (delivery) VALUES (its seq) asks for another');
END;

CREATE TRIGGER replay_request_is_kept BEFORE DELETE ON replay_request
WHEN OLD.verdict IS NULL OR EXISTS (SELECT 1 FROM job WHERE replay = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'this replay waits to be routed, or has jobs: it is kept');
END;

CREATE TRIGGER replay_request_is_made_in_range BEFORE INSERT ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

CREATE TRIGGER replay_request_stays_in_range BEFORE UPDATE OF requested_at, not_before ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT strftime(''%s'', ''now'') * 1000000), up to the year 9999');
END;

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

CREATE TRIGGER resumed_issue_is_counted_anew AFTER DELETE ON pause
WHEN OLD.kind = 'lane'
BEGIN
    UPDATE routing SET bot_issue = NULL WHERE bot_issue = OLD.name;
    UPDATE pause SET loops = (
        SELECT json_group_array(value) FROM json_each(loops) WHERE value <> OLD.name)
    WHERE loops IS NOT NULL;
    DELETE FROM pause WHERE loops = '[]';
END;

CREATE TRIGGER routing_has_a_delivery BEFORE INSERT ON routing
WHEN NOT EXISTS (SELECT 1 FROM delivery WHERE seq = NEW.delivery)
    OR EXISTS (SELECT 1 FROM routing WHERE delivery = NEW.delivery)
BEGIN
    SELECT RAISE(ABORT, 'routing needs a delivery, and one row each: to route it again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

CREATE TRIGGER routing_is_decided_once BEFORE UPDATE OF verdict ON routing
WHEN OLD.verdict IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'this delivery is decided: to route it again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

CREATE TRIGGER routing_is_kept_with_its_body BEFORE DELETE ON routing
WHEN OLD.verdict IS NULL
    OR EXISTS (SELECT 1 FROM delivery WHERE seq = OLD.delivery AND body IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'nothing accepted may disappear: a decision is deleted only after its delivery was routed and its body pruned');
END;

CREATE TRIGGER routing_keeps_its_decision
BEFORE UPDATE OF reason, decision, payload_sha256, decided_at ON routing
WHEN OLD.verdict IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'this delivery is decided, and its decision is kept: to route it again, INSERT INTO replay (delivery) VALUES (its seq)');
END;

CREATE TRIGGER routing_keeps_its_delivery BEFORE UPDATE OF delivery ON routing
WHEN NEW.delivery <> OLD.delivery
BEGIN
    SELECT RAISE(ABORT, 'a decision stays with its delivery');
END;

CREATE TRIGGER routing_knows_its_body_is_pruned AFTER UPDATE OF body_pruned_at ON delivery
WHEN NEW.body_pruned_at IS NOT NULL
BEGIN
    UPDATE routing SET body_pruned = 1 WHERE delivery = NEW.seq;
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

CREATE TRIGGER undiscard_by_hand INSTEAD OF INSERT ON undiscard
BEGIN
    SELECT RAISE(ABORT, 'no such discarded job: see SELECT job FROM undiscard')
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND died_at IS NOT NULL);
    UPDATE job
    SET state = 'dead', finished_at = died_at, died_at = NULL,
        reason = iif(substr(reason, 1, 11) = 'discarded: ', substr(reason, 12), reason)
    WHERE id = NEW.job;
END;

CREATE TRIGGER worker_is_not_replaced BEFORE INSERT ON worker
WHEN EXISTS (SELECT 1 FROM worker WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'worker ids are never used again');
END;

CREATE TRIGGER worker_with_leases_is_kept BEFORE DELETE ON worker
WHEN EXISTS (SELECT 1 FROM job WHERE worker = OLD.id AND state = 'leased')
BEGIN
    SELECT RAISE(ABORT, 'this worker has leased jobs: they are given back when its lock file is free');
END;

CREATE VIEW attempts_recent AS
SELECT
    attempt.id,
    attempt.job,
    attempt.number,
    job.handler,
    attempt.worker,
    strftime('%Y-%m-%d %H:%M:%S', attempt.started_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', attempt.started_at / 1000 % 1000) AS started,
    (attempt.ended_at - attempt.started_at) / 1000 AS milliseconds,
    coalesce(attempt.outcome, 'running') AS outcome,
    attempt.exit_code,
    attempt.signal,
    attempt.http_status,
    attempt.error
FROM attempt
JOIN job ON job.id = attempt.job
WHERE attempt.id > coalesce((SELECT max(id) FROM attempt), 0) - 200
ORDER BY attempt.id DESC;

CREATE VIEW dead_letters AS
SELECT
    job.id AS job,
    job.delivery,
    delivery.delivery_id,
    delivery.event_type,
    job.route,
    job.handler,
    job.repo,
    job.reason,
    job.attempt AS attempts,
    (SELECT error FROM attempt WHERE attempt.job = job.id AND attempt.number = job.attempt)
        AS last_error,
    strftime('%Y-%m-%d %H:%M:%S', job.finished_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.finished_at / 1000 % 1000) AS died
FROM job
JOIN delivery ON delivery.seq = job.delivery
WHERE job.state = 'dead';

CREATE VIEW deliveries AS
SELECT
    delivery.seq,
    strftime('%Y-%m-%d %H:%M:%S', delivery.received_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', delivery.received_at / 1000 % 1000) AS received,
    delivery.source,
    delivery.delivery_id,
    delivery.event_type,
    coalesce(routing.verdict, 'waiting') AS verdict,
    routing.reason,
    (SELECT count(*) FROM job WHERE job.delivery = delivery.seq) AS jobs,
    (SELECT group_concat(job.id || ' ' || job.handler || ' ' || job.state, ', ')
        FROM job WHERE job.delivery = delivery.seq) AS job_states,
    coalesce((SELECT count FROM delivery_repeat WHERE delivery = delivery.seq), 0) AS repeats,
    delivery.verified_by,
    delivery.remote,
    length(delivery.body) AS body_bytes
FROM delivery
LEFT JOIN routing ON routing.delivery = delivery.seq;

CREATE VIEW discard AS SELECT id AS job FROM job WHERE state = 'dead';

CREATE VIEW jobs AS
SELECT
    job.id,
    job.delivery,
    delivery.event_type,
    job.route,
    job.handler,
    job.repo,
    job.lane,
    job.state,
    job.blocked,
    job.attempt,
    job.failures,
    job.losses,
    job.replay_of,
    job.reason,
    strftime('%Y-%m-%d %H:%M:%S', job.created_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.created_at / 1000 % 1000) AS created,
    strftime('%Y-%m-%d %H:%M:%S', job.run_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.run_at / 1000 % 1000) AS due,
    strftime('%Y-%m-%d %H:%M:%S', job.finished_at / 1000000, 'unixepoch', 'localtime')
        || printf('.%03d', job.finished_at / 1000 % 1000) AS finished
FROM job
JOIN delivery ON delivery.seq = job.delivery;

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

CREATE VIEW replay AS
SELECT
    id, delivery, batch, requested_at, not_before, verdict, reason, decision, decided_at
FROM replay_request;

CREATE VIEW requeue AS
SELECT id AS job FROM job
WHERE state = 'dead'
    AND NOT EXISTS (
        SELECT 1 FROM job AS later
        WHERE later.delivery = job.delivery AND later.route = job.route AND later.id > job.id
            AND later.state <> 'cancelled');

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

CREATE VIEW sources AS
WITH RECURSIVE known (source) AS (
    SELECT min(source) FROM delivery
    UNION ALL
    SELECT (SELECT min(source) FROM delivery WHERE delivery.source > known.source)
    FROM known
    WHERE known.source IS NOT NULL
)
SELECT source FROM known WHERE source IS NOT NULL;

CREATE VIEW undiscard AS SELECT id AS job FROM job WHERE died_at IS NOT NULL;

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

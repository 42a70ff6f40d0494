-- Times and counts that a hand wrote are refused where they cannot be meant. Samovar's arithmetic
-- would take them for the first or the last instant there is, and a job would never be due, or never
-- be pruned.
--
-- Times lie from 1970 to the end of the year 9999, counts up to a million.

UPDATE job SET run_at = max(0, min(run_at, 253402300799999999))
WHERE run_at NOT BETWEEN 0 AND 253402300799999999;
UPDATE job SET created_at = max(0, min(created_at, 253402300799999999))
WHERE created_at NOT BETWEEN 0 AND 253402300799999999;
UPDATE job SET finished_at = max(0, min(finished_at, 253402300799999999))
WHERE finished_at NOT BETWEEN 0 AND 253402300799999999;
UPDATE job SET snoozed_since = max(0, min(snoozed_since, 253402300799999999))
WHERE snoozed_since NOT BETWEEN 0 AND 253402300799999999;
UPDATE job SET failures = min(failures, 1000000), losses = min(losses, 1000000)
WHERE failures > 1000000 OR losses > 1000000;
UPDATE replay_request
SET requested_at = max(0, min(requested_at, 253402300799999999)),
    not_before = max(0, min(not_before, 253402300799999999))
WHERE verdict IS NULL
    AND (requested_at NOT BETWEEN 0 AND 253402300799999999
        OR not_before NOT BETWEEN 0 AND 253402300799999999);
UPDATE pause SET paused_at = max(0, min(paused_at, 253402300799999999))
WHERE paused_at NOT BETWEEN 0 AND 253402300799999999;

CREATE TRIGGER job_is_made_in_range BEFORE INSERT ON job
WHEN NEW.run_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.created_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.finished_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.snoozed_since NOT BETWEEN 0 AND 253402300799999999
    OR NEW.lease_until NOT BETWEEN 0 AND 253402300799999999
    OR NEW.failures > 1000000 OR NEW.losses > 1000000 OR NEW.attempt > 1000000
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999; counts go up to a million');
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
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999; counts go up to a million');
END;

CREATE TRIGGER delivery_is_received_in_range BEFORE INSERT ON delivery
WHEN NEW.received_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'received_at is microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999');
END;

CREATE TRIGGER replay_request_is_made_in_range BEFORE INSERT ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999');
END;

CREATE TRIGGER replay_request_stays_in_range BEFORE UPDATE OF requested_at, not_before ON replay_request
WHEN NEW.requested_at NOT BETWEEN 0 AND 253402300799999999
    OR NEW.not_before NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'times are microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999');
END;

CREATE TRIGGER pause_is_made_in_range BEFORE INSERT ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999');
END;

CREATE TRIGGER pause_stays_in_range BEFORE UPDATE OF paused_at ON pause
WHEN NEW.paused_at NOT BETWEEN 0 AND 253402300799999999
BEGIN
    SELECT RAISE(ABORT, 'paused_at is microseconds since 1970 (now: SELECT unixepoch() * 1000000), up to the year 9999');
END;

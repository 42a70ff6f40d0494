-- A wall clock that goes ahead makes nothing old.

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

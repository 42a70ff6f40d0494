-- Jobs whose worker died run alone, and claims know whether a pause has ended.

-- 1. Live jobs that a worker died of, or beside: a handful, and one step for a claim while there are
-- none.

CREATE INDEX job_suspect ON job (state, run_at, id)
    WHERE losses > 0 AND state IN ('ready', 'leased');

-- 2. How many pauses have ended, by whomever: a claim that has brought back all it may looks at this
-- number, and not at each parked job.

ALTER TABLE store ADD COLUMN ended_pauses INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER pause_that_ends_is_counted AFTER DELETE ON pause
BEGIN
    UPDATE store SET ended_pauses = ended_pauses + 1;
END;

CREATE TRIGGER pause_that_changes_is_counted AFTER UPDATE OF kind, name ON pause
BEGIN
    UPDATE store SET ended_pauses = ended_pauses + 1;
END;

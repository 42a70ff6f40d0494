-- A replay may be for one route alone.

-- NULL: every route is asked. Whatever the others say then is recorded, and makes no job.
ALTER TABLE replay_request ADD COLUMN only_route TEXT;

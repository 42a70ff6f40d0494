-- An incident that is over says since when; NULL: it is not, or has no end that the programs see.

ALTER TABLE incident ADD COLUMN resolved_at INTEGER;

CREATE TABLE delivery (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    event_type TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    remote TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL
);
CREATE TABLE routing (delivery BIGINT PRIMARY KEY, verdict TEXT);
CREATE INDEX routing_waiting ON routing (delivery) WHERE verdict IS NULL;

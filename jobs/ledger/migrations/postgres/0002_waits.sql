-- What stood upstream when an effect was announced; its lookup needs it.
ALTER TABLE effect ADD COLUMN before TEXT COLLATE "C";
-- Whom an open review was handed over to.
ALTER TABLE review ADD COLUMN assigned_to TEXT COLLATE "C";

-- What a job waits for. A row counts only while its job is `waiting`.
CREATE TABLE wait (
    job         UUID NOT NULL PRIMARY KEY,
    topic       TEXT COLLATE "C" NOT NULL,
    deadline    BIGINT,
    why         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX wait_topic ON wait (topic);

-- What only one job may work on at a time, and which.
CREATE TABLE matter (
    topic   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    job     UUID NOT NULL
);
CREATE INDEX matter_job ON matter (job);

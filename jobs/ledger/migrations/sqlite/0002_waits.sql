-- What stood upstream when an effect was announced; its lookup needs it.
ALTER TABLE effect ADD COLUMN before TEXT;
-- Whom an open review was handed over to.
ALTER TABLE review ADD COLUMN assigned_to TEXT;

-- What a job waits for. A row counts only while its job is `waiting`.
CREATE TABLE wait (
    job         BLOB NOT NULL PRIMARY KEY,
    topic       TEXT NOT NULL,
    deadline    INTEGER,
    why         TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX wait_topic ON wait (topic);

-- What only one job may work on at a time, and which.
CREATE TABLE matter (
    topic   TEXT NOT NULL PRIMARY KEY,
    job     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX matter_job ON matter (job);

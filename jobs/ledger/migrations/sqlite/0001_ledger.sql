-- Times are microseconds since 1970 UTC. Ids are 16 bytes (UUIDv7). A job without a batch has the
-- batch of sixteen zero bytes, one without a deadline the greatest integer, so that both sort.

CREATE TABLE batch (
    id          BLOB NOT NULL PRIMARY KEY,
    reference   TEXT NOT NULL UNIQUE,
    office      TEXT NOT NULL,
    submitter   TEXT NOT NULL,
    weight      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- What changes about a job. Narrow, because it is written at every step.
CREATE TABLE job (
    id              BLOB NOT NULL PRIMARY KEY,
    office          TEXT NOT NULL,
    batch           BLOB NOT NULL,
    lane            TEXT NOT NULL,
    deadline        INTEGER NOT NULL,
    state           TEXT NOT NULL,
    attempt         INTEGER NOT NULL,
    claimed_attempt INTEGER NOT NULL,
    failures        INTEGER NOT NULL,
    rescues         INTEGER NOT NULL,
    run_at          INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    seq             INTEGER NOT NULL,
    verdict         TEXT,
    last_error      TEXT,
    cancel_asked_at INTEGER,
    worker          BLOB,
    dispatched_at   INTEGER
) WITHOUT ROWID;

-- Ready for the queue, in the order in which one batch is served.
CREATE INDEX job_ready ON job (lane, batch, deadline, id)
    WHERE state = 'available' AND dispatched_at IS NULL;
-- Ready and with a deadline, over all batches.
CREATE INDEX job_urgent ON job (lane, deadline, id)
    WHERE state = 'available' AND dispatched_at IS NULL AND deadline < 9223372036854775807;
-- In the queue.
CREATE INDEX job_dispatched ON job (lane, dispatched_at)
    WHERE state = 'available' AND dispatched_at IS NOT NULL;
CREATE INDEX job_due ON job (run_at)
    WHERE state IN ('scheduled', 'retryable', 'waiting');
CREATE INDEX job_running ON job (worker) WHERE state = 'running';
-- Nearly every job ends as completed; those are found by id.
CREATE INDEX job_state ON job (state, id) WHERE state <> 'completed';

-- What was accepted and never changes.
CREATE TABLE job_item (
    id              BLOB NOT NULL,
    kind            TEXT NOT NULL,
    reference       TEXT NOT NULL,
    batch           BLOB NOT NULL,
    submitter       TEXT NOT NULL,
    person          BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    traceparent     TEXT,
    payload         TEXT NOT NULL,
    payload_salt    BLOB NOT NULL,
    payload_digest  BLOB NOT NULL
);
CREATE UNIQUE INDEX job_item_id ON job_item (id);
CREATE UNIQUE INDEX job_item_reference ON job_item (kind, reference);
CREATE INDEX job_item_kind ON job_item (kind, id);
CREATE INDEX job_item_batch ON job_item (batch, id);
CREATE INDEX job_item_person ON job_item (person);

-- The number of jobs by batch and state, kept by the writers; the batch of zeros stands for all.
CREATE TABLE job_count (
    batch   BLOB NOT NULL,
    state   TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (batch, state, shard)
) WITHOUT ROWID;

CREATE TABLE person (
    pseudonym   BLOB NOT NULL PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- The audit trail; `n` is the order of insertion.
CREATE TABLE event (
    n       INTEGER PRIMARY KEY,
    id      BLOB NOT NULL,
    at      INTEGER NOT NULL,
    type    TEXT NOT NULL,
    actor   TEXT NOT NULL,
    office  TEXT NOT NULL,
    job     BLOB,
    job_seq INTEGER,
    bytes   BLOB NOT NULL
);
CREATE UNIQUE INDEX event_id ON event (id);
CREATE UNIQUE INDEX event_job ON event (job, job_seq) WHERE job IS NOT NULL;
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_actor ON event (actor, id);

CREATE TABLE event_sealed (
    event       BLOB NOT NULL,
    field       TEXT NOT NULL,
    person      BLOB NOT NULL,
    salt        BLOB NOT NULL,
    ciphertext  BLOB NOT NULL,
    PRIMARY KEY (event, field)
) WITHOUT ROWID;

-- A key names its job, so it is unique over all jobs.
CREATE TABLE effect (
    job         BLOB NOT NULL,
    key         TEXT NOT NULL,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    result      TEXT,
    intended_at INTEGER NOT NULL,
    resolved_at INTEGER,
    PRIMARY KEY (job, key)
) WITHOUT ROWID;

CREATE TABLE decision (
    id              BLOB NOT NULL,
    job             BLOB NOT NULL,
    batch           BLOB NOT NULL,
    attempt         INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    verdict         TEXT NOT NULL,
    policy_version  BLOB NOT NULL,
    facts_digest    BLOB NOT NULL,
    rules           TEXT NOT NULL,
    facts           TEXT NOT NULL,
    findings        TEXT NOT NULL
);
CREATE UNIQUE INDEX decision_id ON decision (id);
CREATE INDEX decision_job ON decision (job, id);

CREATE TABLE review (
    id          BLOB NOT NULL PRIMARY KEY,
    job         BLOB NOT NULL,
    state       TEXT NOT NULL,
    rules       TEXT NOT NULL,
    payload     BLOB NOT NULL,
    facts       BLOB NOT NULL,
    policy      BLOB NOT NULL,
    opened_at   INTEGER NOT NULL,
    decided_by  TEXT,
    decided_at  INTEGER,
    reason      TEXT
) WITHOUT ROWID;
CREATE INDEX review_job ON review (job, id);
CREATE INDEX review_state ON review (state, id);
CREATE UNIQUE INDEX review_open ON review (job) WHERE state = 'open';

-- state: live, stopped, lost.
CREATE TABLE worker (
    id              BLOB NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    started_at      INTEGER NOT NULL,
    heartbeat_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE lease (
    role    TEXT NOT NULL PRIMARY KEY,
    holder  BLOB NOT NULL,
    until   INTEGER NOT NULL
) WITHOUT ROWID;

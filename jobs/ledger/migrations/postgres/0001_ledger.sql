-- Times are microseconds since 1970 UTC. Ids are UUIDv7. A job without a batch has the batch of
-- zeros, one without a deadline the greatest integer, so that both sort.

CREATE TABLE batch (
    id          UUID NOT NULL PRIMARY KEY,
    reference   TEXT COLLATE "C" NOT NULL UNIQUE,
    office      TEXT COLLATE "C" NOT NULL,
    submitter   TEXT COLLATE "C" NOT NULL,
    weight      BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);

-- What changes about a job. Narrow, because it is written at every step.
CREATE TABLE job (
    id              UUID NOT NULL PRIMARY KEY,
    office          TEXT COLLATE "C" NOT NULL,
    batch           UUID NOT NULL,
    lane            TEXT COLLATE "C" NOT NULL,
    deadline        BIGINT NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    attempt         BIGINT NOT NULL,
    claimed_attempt BIGINT NOT NULL,
    failures        BIGINT NOT NULL,
    rescues         BIGINT NOT NULL,
    run_at          BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    seq             BIGINT NOT NULL,
    verdict         TEXT COLLATE "C",
    last_error      TEXT COLLATE "C",
    cancel_asked_at BIGINT,
    worker          UUID,
    dispatched_at   BIGINT
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

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
    id              UUID NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    reference       TEXT COLLATE "C" NOT NULL,
    batch           UUID NOT NULL,
    submitter       TEXT COLLATE "C" NOT NULL,
    person          BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
    traceparent     TEXT COLLATE "C",
    payload         TEXT COLLATE "C" NOT NULL,
    payload_salt    BYTEA NOT NULL,
    payload_digest  BYTEA NOT NULL
);
CREATE UNIQUE INDEX job_item_id ON job_item (id);
CREATE UNIQUE INDEX job_item_reference ON job_item (kind, reference);
CREATE INDEX job_item_kind ON job_item (kind, id);
CREATE INDEX job_item_batch ON job_item (batch, id);
CREATE INDEX job_item_person ON job_item (person);

-- The number of jobs by batch and state, kept by the writers; the batch of zeros stands for all.
-- Each writer has its own shard, so that no two wait for the same row.
CREATE TABLE job_count (
    batch   UUID NOT NULL,
    state   TEXT COLLATE "C" NOT NULL,
    shard   BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (batch, state, shard)
) WITH (fillfactor = 50);

CREATE TABLE person (
    pseudonym   BYTEA NOT NULL PRIMARY KEY,
    wrapped_key BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);

-- The audit trail. Writers insert concurrently; (xid, n) below the oldest running transaction is an
-- order that no later commit can change.
CREATE TABLE event (
    xid     XID8 NOT NULL DEFAULT pg_current_xact_id(),
    n       BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
    id      UUID NOT NULL,
    at      BIGINT NOT NULL,
    type    TEXT COLLATE "C" NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    office  TEXT COLLATE "C" NOT NULL,
    job     UUID,
    job_seq BIGINT,
    bytes   BYTEA NOT NULL,
    PRIMARY KEY (xid, n)
);
CREATE UNIQUE INDEX event_id ON event (id);
CREATE UNIQUE INDEX event_job ON event (job, job_seq) WHERE job IS NOT NULL;
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_actor ON event (actor, id);

CREATE TABLE event_sealed (
    event       UUID NOT NULL,
    field       TEXT COLLATE "C" NOT NULL,
    person      BYTEA NOT NULL,
    salt        BYTEA NOT NULL,
    ciphertext  BYTEA NOT NULL,
    PRIMARY KEY (event, field)
);

-- A key names its job, so it is unique over all jobs.
CREATE TABLE effect (
    job         UUID NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    attempt     BIGINT NOT NULL,
    result      TEXT COLLATE "C",
    intended_at BIGINT NOT NULL,
    resolved_at BIGINT,
    PRIMARY KEY (job, key)
);

CREATE TABLE decision (
    id              UUID NOT NULL,
    job             UUID NOT NULL,
    batch           UUID NOT NULL,
    attempt         BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    verdict         TEXT COLLATE "C" NOT NULL,
    policy_version  BYTEA NOT NULL,
    facts_digest    BYTEA NOT NULL,
    rules           TEXT COLLATE "C" NOT NULL,
    facts           TEXT COLLATE "C" NOT NULL,
    findings        TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX decision_id ON decision (id);
CREATE INDEX decision_job ON decision (job, id);

CREATE TABLE review (
    id          UUID NOT NULL PRIMARY KEY,
    job         UUID NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    rules       TEXT COLLATE "C" NOT NULL,
    payload     BYTEA NOT NULL,
    facts       BYTEA NOT NULL,
    policy      BYTEA NOT NULL,
    opened_at   BIGINT NOT NULL,
    decided_by  TEXT COLLATE "C",
    decided_at  BIGINT,
    reason      TEXT COLLATE "C"
);
CREATE INDEX review_job ON review (job, id);
CREATE INDEX review_state ON review (state, id);
CREATE UNIQUE INDEX review_open ON review (job) WHERE state = 'open';

-- state: live, stopped, lost.
CREATE TABLE worker (
    id              UUID NOT NULL PRIMARY KEY,
    name            TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    started_at      BIGINT NOT NULL,
    heartbeat_at    BIGINT NOT NULL
);

CREATE TABLE lease (
    role    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder  UUID NOT NULL,
    until   BIGINT NOT NULL
);

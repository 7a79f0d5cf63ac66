-- Stops on acting. `target` is empty for the scope `all`; only one brake of a scope and target is on.
CREATE TABLE brake (
    id              UUID NOT NULL PRIMARY KEY,
    scope           TEXT COLLATE "C" NOT NULL,
    target          TEXT COLLATE "C" NOT NULL,
    reason          TEXT COLLATE "C" NOT NULL,
    put_kind        TEXT COLLATE "C" NOT NULL,
    put_by          TEXT COLLATE "C" NOT NULL,
    put_at          BIGINT NOT NULL,
    released_by     TEXT COLLATE "C",
    released_at     BIGINT,
    release_reason  TEXT COLLATE "C"
);
CREATE UNIQUE INDEX brake_on ON brake (scope, target) WHERE released_at IS NULL;

-- Policy bundles by the digest of what decides in them; `files` is a JSON object of paths and texts.
-- state: installed, proposed, approved, rejected.
CREATE TABLE policy_bundle (
    version         BYTEA NOT NULL PRIMARY KEY,
    files           TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    proposed_by     TEXT COLLATE "C" NOT NULL,
    proposed_at     BIGINT NOT NULL,
    note            TEXT COLLATE "C" NOT NULL,
    decided_by      TEXT COLLATE "C",
    decided_at      BIGINT,
    decided_note    TEXT COLLATE "C"
);

-- Which bundle is in force: the one with the greatest number. Without any, each process goes by the
-- bundle it was installed with.
CREATE TABLE policy_activation (
    n           BIGINT NOT NULL PRIMARY KEY,
    version     BYTEA NOT NULL,
    activated_by TEXT COLLATE "C" NOT NULL,
    activated_at BIGINT NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    rollback    BIGINT NOT NULL
);

-- Who made the decision: policy, person (what a person decided is carried out) or fleet.
ALTER TABLE decision ADD COLUMN made_by TEXT COLLATE "C" NOT NULL DEFAULT 'policy';

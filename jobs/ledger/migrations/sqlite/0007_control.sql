-- Stops on acting. `target` is empty for the scope `all`; only one brake of a scope and target is on.
CREATE TABLE brake (
    id              BLOB NOT NULL PRIMARY KEY,
    scope           TEXT NOT NULL,
    target          TEXT NOT NULL,
    reason          TEXT NOT NULL,
    put_kind        TEXT NOT NULL,
    put_by          TEXT NOT NULL,
    put_at          INTEGER NOT NULL,
    released_by     TEXT,
    released_at     INTEGER,
    release_reason  TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX brake_on ON brake (scope, target) WHERE released_at IS NULL;

-- Policy bundles by the digest of what decides in them; `files` is a JSON object of paths and texts.
-- state: installed, proposed, approved, rejected.
CREATE TABLE policy_bundle (
    version         BLOB NOT NULL PRIMARY KEY,
    files           TEXT NOT NULL,
    state           TEXT NOT NULL,
    proposed_by     TEXT NOT NULL,
    proposed_at     INTEGER NOT NULL,
    note            TEXT NOT NULL,
    decided_by      TEXT,
    decided_at      INTEGER,
    decided_note    TEXT
) WITHOUT ROWID;

-- Which bundle is in force: the one with the greatest number. Without any, each process goes by the
-- bundle it was installed with.
CREATE TABLE policy_activation (
    n           INTEGER NOT NULL PRIMARY KEY,
    version     BLOB NOT NULL,
    activated_by TEXT NOT NULL,
    activated_at INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    rollback    INTEGER NOT NULL
) WITHOUT ROWID;

-- Who made the decision: policy, person (what a person decided is carried out) or fleet.
ALTER TABLE decision ADD COLUMN made_by TEXT NOT NULL DEFAULT 'policy';

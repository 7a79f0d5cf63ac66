-- The Merkle log over the events. One row: the name of the log, how many entries are numbered, and the
-- last event that is, by (xid, n).
CREATE TABLE log_state (
    one     BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    origin  TEXT COLLATE "C" NOT NULL,
    size    BIGINT NOT NULL,
    xid     BIGINT NOT NULL,
    n       BIGINT NOT NULL
);

-- Tiles of up to 256 hashes; one that is not full grows in place.
CREATE TABLE log_tile (
    level   BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    hashes  BYTEA NOT NULL,
    PRIMARY KEY (level, n)
);

-- Signed heads; `note` is what is published.
CREATE TABLE log_checkpoint (
    size    BIGINT NOT NULL PRIMARY KEY,
    root    BYTEA NOT NULL,
    at      BIGINT NOT NULL,
    note    TEXT COLLATE "C" NOT NULL
);

-- Keys that sign heads; the secret part is sealed under the master key.
CREATE TABLE log_key (
    vkey        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed      BYTEA NOT NULL,
    added_at    BIGINT NOT NULL,
    retired_at  BIGINT
);

-- Which event is which entry, counted from 0: numbered after their commit, in the order of (xid, n).
CREATE TABLE log_entry (
    seq     BIGINT NOT NULL PRIMARY KEY,
    event   UUID NOT NULL
);
CREATE UNIQUE INDEX log_entry_event ON log_entry (event);

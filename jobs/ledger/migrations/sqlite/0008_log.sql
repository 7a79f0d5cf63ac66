-- The Merkle log over the events. One row: the name of the log, how many entries are numbered, and the
-- last event that is. On this engine an event's own `n`, from 1, is its number and one more; `xid` is 0.
CREATE TABLE log_state (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    origin  TEXT NOT NULL,
    size    INTEGER NOT NULL,
    xid     INTEGER NOT NULL,
    n       INTEGER NOT NULL
);

-- Tiles of up to 256 hashes; one that is not full grows in place.
CREATE TABLE log_tile (
    level   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    hashes  BLOB NOT NULL,
    PRIMARY KEY (level, n)
);

-- Signed heads; `note` is what is published.
CREATE TABLE log_checkpoint (
    size    INTEGER NOT NULL PRIMARY KEY,
    root    BLOB NOT NULL,
    at      INTEGER NOT NULL,
    note    TEXT NOT NULL
);

-- Keys that sign heads; the secret part is sealed under the master key.
CREATE TABLE log_key (
    vkey        TEXT NOT NULL PRIMARY KEY,
    sealed      BLOB NOT NULL,
    added_at    INTEGER NOT NULL,
    retired_at  INTEGER
);

-- Which event is which entry, counted from 0.
CREATE VIEW log_entry (seq, event) AS SELECT n - 1, id FROM event;

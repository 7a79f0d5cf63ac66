-- When a token last opened a session: the sign-in is an event, those that follow soon are not.
ALTER TABLE access_token ADD COLUMN seen_at INTEGER;

-- The keys that seal what the ledger holds, sealed themselves under a master key: one row for each
-- master key that opens the ledger, two while one follows the other. `master` says which, and tells nothing
-- of it.
CREATE TABLE keyring (
    master      BLOB NOT NULL PRIMARY KEY,
    sealed      BLOB NOT NULL,
    added_at    INTEGER NOT NULL
);

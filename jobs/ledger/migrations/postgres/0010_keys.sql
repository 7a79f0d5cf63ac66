-- When a token last opened a session: the sign-in is an event, those that follow soon are not.
ALTER TABLE access_token ADD COLUMN seen_at BIGINT;

-- The keys that seal what the ledger holds, sealed themselves under a master key: one row for each
-- master key that opens the ledger, two while one follows the other. `master` says which, and tells nothing
-- of it.
CREATE TABLE keyring (
    master      BYTEA NOT NULL PRIMARY KEY,
    sealed      BYTEA NOT NULL,
    added_at    BIGINT NOT NULL
);

-- What events are found by, beside their columns: 8 bytes of a hash of each term, kept when the event is
-- numbered.
CREATE TABLE event_term (
    term    INTEGER NOT NULL,
    event   BLOB NOT NULL,
    PRIMARY KEY (term, event)
) WITHOUT ROWID;

-- Entries of the log whose terms are kept.
ALTER TABLE log_state ADD COLUMN termed INTEGER NOT NULL DEFAULT 0;

-- What events are found by, beside their columns: 8 bytes of a hash of each term, kept when the event is
-- numbered.
CREATE TABLE event_term (
    term    BIGINT NOT NULL,
    event   UUID NOT NULL,
    PRIMARY KEY (term, event)
);

-- Entries of the log whose terms are kept.
ALTER TABLE log_state ADD COLUMN termed BIGINT NOT NULL DEFAULT 0;

-- Reviews as tasks. `revision` grows with every change of an open review, so that two who change it
-- at once do not overwrite each other.
ALTER TABLE review ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE review ADD COLUMN approvals_needed INTEGER NOT NULL DEFAULT 1;
-- The highest tier among the rules that blocked.
ALTER TABLE review ADD COLUMN tier TEXT NOT NULL DEFAULT 'integrity';
ALTER TABLE review ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
ALTER TABLE review ADD COLUMN claimed_by TEXT;
ALTER TABLE review ADD COLUMN claim_until INTEGER;
ALTER TABLE review ADD COLUMN due_at INTEGER;
ALTER TABLE review ADD COLUMN reminded_at INTEGER;
ALTER TABLE review ADD COLUMN asked_until INTEGER;
ALTER TABLE review ADD COLUMN expired_at INTEGER;
-- The open review of the same concern that was there first.
ALTER TABLE review ADD COLUMN joined_to BLOB;
ALTER TABLE review ADD COLUMN concern TEXT;
-- Digest of the ids of its rules: reviews that ask the same.
ALTER TABLE review ADD COLUMN rules_key BLOB;
ALTER TABLE review ADD COLUMN code TEXT;
ALTER TABLE review ADD COLUMN on_behalf_of TEXT;

CREATE INDEX review_due ON review (due_at, id) WHERE state = 'open';
CREATE INDEX review_assigned ON review (assigned_to, id) WHERE state = 'open';
CREATE INDEX review_claimed ON review (claim_until) WHERE state = 'open' AND claimed_by IS NOT NULL;
CREATE INDEX review_asked ON review (asked_until) WHERE state = 'open' AND asked_until IS NOT NULL;
CREATE INDEX review_concern ON review (concern) WHERE state = 'open';
CREATE INDEX review_joined ON review (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX review_rules ON review (rules_key, id) WHERE state IN ('approved', 'returned');

-- The approvals of a review, the last one included.
CREATE TABLE review_approval (
    review          BLOB NOT NULL,
    by_user         TEXT NOT NULL,
    on_behalf_of    TEXT,
    tier            TEXT NOT NULL,
    at              INTEGER NOT NULL,
    code            TEXT NOT NULL,
    PRIMARY KEY (review, by_user)
) WITHOUT ROWID;

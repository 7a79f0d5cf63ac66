-- Reviews as tasks. `revision` grows with every change of an open review, so that two who change it
-- at once do not overwrite each other.
ALTER TABLE review ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE review ADD COLUMN approvals_needed BIGINT NOT NULL DEFAULT 1;
-- The highest tier among the rules that blocked.
ALTER TABLE review ADD COLUMN tier TEXT COLLATE "C" NOT NULL DEFAULT 'integrity';
ALTER TABLE review ADD COLUMN level BIGINT NOT NULL DEFAULT 1;
ALTER TABLE review ADD COLUMN claimed_by TEXT COLLATE "C";
ALTER TABLE review ADD COLUMN claim_until BIGINT;
ALTER TABLE review ADD COLUMN due_at BIGINT;
ALTER TABLE review ADD COLUMN reminded_at BIGINT;
ALTER TABLE review ADD COLUMN asked_until BIGINT;
ALTER TABLE review ADD COLUMN expired_at BIGINT;
-- The open review of the same concern that was there first.
ALTER TABLE review ADD COLUMN joined_to UUID;
ALTER TABLE review ADD COLUMN concern TEXT COLLATE "C";
-- Digest of the ids of its rules: reviews that ask the same.
ALTER TABLE review ADD COLUMN rules_key BYTEA;
ALTER TABLE review ADD COLUMN code TEXT COLLATE "C";
ALTER TABLE review ADD COLUMN on_behalf_of TEXT COLLATE "C";

CREATE INDEX review_due ON review (due_at, id) WHERE state = 'open';
CREATE INDEX review_assigned ON review (assigned_to, id) WHERE state = 'open';
CREATE INDEX review_claimed ON review (claim_until) WHERE state = 'open' AND claimed_by IS NOT NULL;
CREATE INDEX review_asked ON review (asked_until) WHERE state = 'open' AND asked_until IS NOT NULL;
CREATE INDEX review_concern ON review (concern) WHERE state = 'open';
CREATE INDEX review_joined ON review (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX review_rules ON review (rules_key, id) WHERE state IN ('approved', 'returned');

-- The approvals of a review, the last one included.
CREATE TABLE review_approval (
    review          UUID NOT NULL,
    by_user         TEXT COLLATE "C" NOT NULL,
    on_behalf_of    TEXT COLLATE "C",
    tier            TEXT COLLATE "C" NOT NULL,
    at              BIGINT NOT NULL,
    code            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (review, by_user)
);

-- Every change of the tables below goes through this one row, so that two processes never decide
-- on users at the same time from what each saw before the other.
CREATE TABLE people_turn (
    one     BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);
INSERT INTO people_turn (one, changes) VALUES (1, 0);

CREATE INDEX account_role_role ON account_role (role, name);
CREATE INDEX account_group_group ON account_group (group_name, name);

-- Taxpayers whom a user is related to, by pseudonym: this user never decides on their items.
CREATE TABLE account_relation (
    name        TEXT COLLATE "C" NOT NULL,
    person      BYTEA NOT NULL,
    PRIMARY KEY (name, person)
);
CREATE INDEX account_relation_person ON account_relation (person, name);

-- Tokens by the digest of their secret; the secret itself is nowhere.
CREATE TABLE access_token (
    id          UUID NOT NULL PRIMARY KEY,
    digest      BYTEA NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    label       TEXT COLLATE "C" NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_by  TEXT COLLATE "C",
    revoked_at  BIGINT
);
CREATE UNIQUE INDEX access_token_digest ON access_token (digest);
CREATE INDEX access_token_name ON access_token (name, id);

-- Who stands in for whom, from `starts_at` on and before `ends_at`.
CREATE TABLE substitution (
    id          UUID NOT NULL PRIMARY KEY,
    substitute  TEXT COLLATE "C" NOT NULL,
    absent      TEXT COLLATE "C" NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    named_by    TEXT COLLATE "C" NOT NULL,
    named_at    BIGINT NOT NULL,
    ended_by    TEXT COLLATE "C",
    ended_at    BIGINT
);
CREATE INDEX substitution_substitute ON substitution (substitute, id);
CREATE INDEX substitution_absent ON substitution (absent, id);

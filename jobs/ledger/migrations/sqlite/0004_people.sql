-- Every change of the tables below goes through this one row, so that two processes never decide
-- on users at the same time from what each saw before the other.
CREATE TABLE people_turn (
    one     INTEGER NOT NULL PRIMARY KEY,
    changes INTEGER NOT NULL
);
INSERT INTO people_turn (one, changes) VALUES (1, 0);

CREATE INDEX account_role_role ON account_role (role, name);
CREATE INDEX account_group_group ON account_group (group_name, name);

-- Taxpayers whom a user is related to, by pseudonym: this user never decides on their items.
CREATE TABLE account_relation (
    name        TEXT NOT NULL,
    person      BLOB NOT NULL,
    PRIMARY KEY (name, person)
) WITHOUT ROWID;
CREATE INDEX account_relation_person ON account_relation (person, name);

-- Tokens by the digest of their secret; the secret itself is nowhere.
CREATE TABLE access_token (
    id          BLOB NOT NULL PRIMARY KEY,
    digest      BLOB NOT NULL,
    name        TEXT NOT NULL,
    label       TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_by  TEXT,
    revoked_at  INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX access_token_digest ON access_token (digest);
CREATE INDEX access_token_name ON access_token (name, id);

-- Who stands in for whom, from `starts_at` on and before `ends_at`.
CREATE TABLE substitution (
    id          BLOB NOT NULL PRIMARY KEY,
    substitute  TEXT NOT NULL,
    absent      TEXT NOT NULL,
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    named_by    TEXT NOT NULL,
    named_at    INTEGER NOT NULL,
    ended_by    TEXT,
    ended_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX substitution_substitute ON substitution (substitute, id);
CREATE INDEX substitution_absent ON substitution (absent, id);

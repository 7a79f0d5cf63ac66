-- Who may act. `revision` grows with every change of the user, their roles and groups: a decision
-- names the revision it was allowed for and is refused under another.
CREATE TABLE account (
    name        TEXT NOT NULL PRIMARY KEY,
    office      TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account_role (
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (name, role)
) WITHOUT ROWID;

CREATE TABLE account_group (
    name        TEXT NOT NULL,
    group_name  TEXT NOT NULL,
    PRIMARY KEY (name, group_name)
) WITHOUT ROWID;

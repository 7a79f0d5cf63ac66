-- Who may act. `revision` grows with every change of the user, their roles and groups: a decision
-- names the revision it was allowed for and is refused under another.
CREATE TABLE account (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    office      TEXT COLLATE "C" NOT NULL,
    enabled     BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE account_role (
    name    TEXT COLLATE "C" NOT NULL,
    role    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name, role)
);

CREATE TABLE account_group (
    name        TEXT COLLATE "C" NOT NULL,
    group_name  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name, group_name)
);

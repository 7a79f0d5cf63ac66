SELECT a.name, a.office, a.enabled, a.revision, a.created_at,
    (SELECT string_agg(r.role, ' ') FROM account_role r WHERE r.name = a.name),
    (SELECT string_agg(g.group_name, ' ') FROM account_group g WHERE g.name = a.name),
    t.id, t.expires_at, t.revoked_at, t.seen_at
FROM access_token t JOIN account a ON a.name = t.name
WHERE t.digest = $1

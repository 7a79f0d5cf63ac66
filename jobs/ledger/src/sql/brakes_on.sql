SELECT id, scope, target, reason, put_kind, put_by, put_at, released_by, released_at, release_reason
FROM brake WHERE released_at IS NULL ORDER BY scope, target

INSERT INTO brake (id, scope, target, reason, put_kind, put_by, put_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (scope, target) WHERE released_at IS NULL DO NOTHING

INSERT INTO policy_activation (n, version, activated_by, activated_at, reason, rollback)
SELECT coalesce(max(n), 0) + 1, $1, $2, $3, $4, $5 FROM policy_activation WHERE true
ON CONFLICT DO NOTHING

INSERT INTO policy_activation (n, version, activated_by, activated_at, reason, rollback)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING

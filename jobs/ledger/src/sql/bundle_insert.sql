INSERT INTO policy_bundle (version, files, state, proposed_by, proposed_at, note)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING

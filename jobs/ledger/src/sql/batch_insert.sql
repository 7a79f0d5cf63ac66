INSERT INTO batch (id, reference, office, submitter, weight, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (reference) DO NOTHING

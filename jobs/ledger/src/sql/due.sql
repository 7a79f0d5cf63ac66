SELECT id FROM job
WHERE state IN ('scheduled', 'retryable', 'waiting') AND run_at <= $1
ORDER BY run_at LIMIT $2

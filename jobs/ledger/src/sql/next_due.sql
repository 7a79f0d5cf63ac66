SELECT run_at FROM job WHERE state IN ('scheduled', 'retryable', 'waiting')
ORDER BY run_at LIMIT 1

SELECT coalesce((SELECT weight FROM batch WHERE id = $2), 1) FROM job
WHERE lane = $1 AND state = 'available' AND dispatched_at IS NULL AND batch = $2 LIMIT 1

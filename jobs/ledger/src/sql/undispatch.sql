WITH picked AS MATERIALIZED (
    SELECT id FROM job
    WHERE lane = $1 AND state = 'available' AND dispatched_at IS NOT NULL AND dispatched_at < $2
    ORDER BY dispatched_at LIMIT $3 {skip}
)
UPDATE job SET dispatched_at = NULL WHERE id IN (SELECT id FROM picked)

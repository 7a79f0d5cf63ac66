WITH picked AS MATERIALIZED (
    SELECT id FROM job
    WHERE lane = $1 AND state = 'available' AND dispatched_at IS NULL
        AND deadline < 9223372036854775807 AND deadline <= $2
    ORDER BY deadline, id LIMIT $3 {skip}
)
UPDATE job SET dispatched_at = $4 WHERE id IN (SELECT id FROM picked)
RETURNING id, attempt, deadline,
    (SELECT i.traceparent FROM job_item i WHERE i.id = job.id)

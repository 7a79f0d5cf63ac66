WITH picked AS MATERIALIZED (
    SELECT id FROM job
    WHERE lane = $1 AND state = 'available' AND dispatched_at IS NULL
        -- The bound first: SQLite walks the index to the first of two upper bounds.
        AND deadline <= $2 AND deadline < 9223372036854775807
    ORDER BY deadline, id LIMIT $3 {skip}
)
UPDATE job SET dispatched_at = $4 WHERE id IN (SELECT id FROM picked)
RETURNING id, attempt, deadline,
    (SELECT i.traceparent FROM job_item i WHERE i.id = job.id)

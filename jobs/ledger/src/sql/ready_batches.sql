-- A loose index scan: one step for each batch that has ready work, however much that is.
WITH RECURSIVE ready(batch, n) AS (
    SELECT first.batch, 1 FROM (
        SELECT batch FROM job
        WHERE lane = $1 AND state = 'available' AND dispatched_at IS NULL AND batch > $2
        ORDER BY lane, batch LIMIT 1
    ) AS first
    UNION ALL
    SELECT (
        SELECT batch FROM job
        WHERE lane = $1 AND state = 'available' AND dispatched_at IS NULL AND batch > ready.batch
        ORDER BY lane, batch LIMIT 1
    ), n + 1
    FROM ready WHERE ready.batch IS NOT NULL AND n < $3
)
SELECT ready.batch, coalesce(b.weight, 1)
FROM ready LEFT JOIN batch b ON b.id = ready.batch
WHERE ready.batch IS NOT NULL ORDER BY ready.batch

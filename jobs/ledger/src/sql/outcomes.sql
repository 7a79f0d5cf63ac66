SELECT e.id, e.at, e.job, i.kind, i.batch
FROM event e JOIN job_item i ON i.id = e.job
WHERE e.type = $1 AND e.id >= $2
ORDER BY e.id LIMIT $3

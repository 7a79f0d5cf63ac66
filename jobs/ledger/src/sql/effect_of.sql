WITH v(id) AS ({rows})
SELECT e.key, e.name, e.state, e.attempt, e.result, e.intended_at, e.resolved_at, e.job, e.before
FROM v CROSS JOIN effect e WHERE e.job = v.id ORDER BY e.job, e.intended_at, e.key

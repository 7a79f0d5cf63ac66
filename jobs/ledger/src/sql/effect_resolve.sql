WITH v(job, key, state, result, resolved_at) AS ({rows})
UPDATE effect SET state = v.state, result = v.result, resolved_at = v.resolved_at
FROM v WHERE effect.job = v.job AND effect.key = v.key

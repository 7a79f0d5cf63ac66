-- The state stays, so no indexed column is named: SQLite rewrites an index when its column is.
WITH v(id, failures, updated_at, seq, verdict, last_error, cancel_asked_at) AS ({rows})
UPDATE job SET failures = v.failures, updated_at = v.updated_at, seq = v.seq, verdict = v.verdict,
    last_error = v.last_error, cancel_asked_at = v.cancel_asked_at
FROM v WHERE job.id = v.id

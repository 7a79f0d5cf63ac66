WITH v(id, state, decided_by, decided_at, reason) AS ({rows})
UPDATE review SET state = v.state, decided_by = coalesce(v.decided_by, review.decided_by),
    decided_at = v.decided_at, reason = coalesce(v.reason, review.reason)
FROM v WHERE review.id = v.id

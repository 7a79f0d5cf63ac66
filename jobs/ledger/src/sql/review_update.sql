WITH v(id, state, decided_by, decided_at, reason, assigned_to) AS ({rows})
UPDATE review SET state = v.state, decided_by = coalesce(v.decided_by, review.decided_by),
    decided_at = coalesce(v.decided_at, review.decided_at),
    reason = coalesce(v.reason, review.reason),
    assigned_to = coalesce(v.assigned_to, review.assigned_to)
FROM v WHERE review.id = v.id

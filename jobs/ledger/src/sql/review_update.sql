WITH v(id, state, revision, decided_by, decided_at, reason, assigned_to, level, claimed_by,
       claim_until, due_at, reminded_at, asked_until, expired_at, code, on_behalf_of) AS ({rows})
UPDATE review SET state = v.state, revision = v.revision, decided_by = v.decided_by,
    decided_at = v.decided_at, reason = v.reason, assigned_to = v.assigned_to, level = v.level,
    claimed_by = v.claimed_by, claim_until = v.claim_until, due_at = v.due_at,
    reminded_at = v.reminded_at, asked_until = v.asked_until, expired_at = v.expired_at,
    code = v.code, on_behalf_of = v.on_behalf_of
FROM v WHERE review.id = v.id

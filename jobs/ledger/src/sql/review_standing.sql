WITH v(id) AS ({rows})
SELECT r.id, r.job, r.state, r.rules, r.payload, r.facts, r.policy, r.opened_at, r.decided_by,
       r.decided_at, r.reason, r.assigned_to, r.revision, r.approvals_needed, r.tier, r.level,
       r.claimed_by, r.claim_until, r.due_at, r.reminded_at, r.asked_until, r.expired_at,
       r.joined_to, r.code, r.on_behalf_of
FROM v CROSS JOIN review r WHERE r.job = v.id
{lock_review}

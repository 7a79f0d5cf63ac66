WITH v(id) AS ({rows})
SELECT r.id, r.job, r.state, r.rules, r.payload, r.facts, r.policy, r.opened_at, r.decided_by,
       r.decided_at, r.reason, r.assigned_to
FROM v CROSS JOIN review r
WHERE r.id = (SELECT id FROM review WHERE job = v.id ORDER BY opened_at DESC, id DESC LIMIT 1)

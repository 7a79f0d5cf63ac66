WITH v(id) AS ({rows})
SELECT r.id, r.job, r.state FROM v CROSS JOIN review r WHERE r.job = v.id
